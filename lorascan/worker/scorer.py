"""Scores pictures and texts by open_clip."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torchvision.transforms import functional as tv

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """An open_clip model, its tokenizer, and what its pictures must look like."""

    model: Any
    tokenizer: Any
    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def load_scorer(folder: Path) -> Scorer:
    """Read a local open_clip folder (open_clip_config.json and open_clip_model.safetensors); nothing is fetched."""
    open_clip = importlib.import_module("open_clip")
    name = f"local-dir:{folder}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    del preprocess
    size = model.visual.image_size
    return Scorer(
        model=model.eval(),
        tokenizer=open_clip.get_tokenizer(name),
        size=(size, size) if isinstance(size, int) else tuple(size),
        mean=tuple(model.visual.image_mean),
        std=tuple(model.visual.image_std),
    )


@torch.inference_mode()
def embed_images(scorer: Scorer, pictures: npt.NDArray[np.uint8], batch: int = 64) -> FloatArray:
    """Unit vectors (n, width) of RGB pictures (n, height, width, 3)."""
    parts = []
    for start in range(0, len(pictures), batch):
        pixels = torch.from_numpy(pictures[start : start + batch]).permute(0, 3, 1, 2).float() / 255
        if tuple(pixels.shape[-2:]) != scorer.size:
            pixels = tv.resize(pixels, list(scorer.size), interpolation=tv.InterpolationMode.BICUBIC, antialias=True)
        features = scorer.model.encode_image(tv.normalize(pixels, scorer.mean, scorer.std), normalize=True)
        parts.append(features.float().numpy())
    return np.concatenate(parts)


@torch.inference_mode()
def embed_texts(scorer: Scorer, texts: Sequence[str], batch: int = 256) -> FloatArray:
    """Unit vectors (n, width) of texts."""
    parts = [
        scorer.model.encode_text(scorer.tokenizer(list(texts[start : start + batch])), normalize=True).float().numpy()
        for start in range(0, len(texts), batch)
    ]
    return np.concatenate(parts)
