"""Measures whether base and scorer are good enough."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from lorascan.bases._patch_vae import PatchVae
from lorascan.lab.captions import caption, plain_caption
from lorascan.lab.judge import HEADS, Judge
from lorascan.lab.tokenizer import encode
from lorascan.lab.train_clip import as_tensor
from lorascan.lab.train_unet import sample, text_states
from lorascan.lab.world import (
    ALL_SHAPES,
    COLOURS,
    SHAPES,
    TEXTURES,
    Scene,
    render_all,
    sample_scene,
    textures_of,
)

BASE_GATES = {"shape": 0.97, "colour": 0.98, "background": 0.98, "texture": 0.95, "joint": 0.95}
"""Smallest share of generated pictures with the right attribute, 0 to 1."""
CLIP_GATES = {"shape": 0.95, "colour": 0.95, "background": 0.95, "texture": 0.95}
"""Smallest share of renders whose caption wins among all others of one attribute, 0 to 1."""
JUDGE_GATE = 0.99
"""Smallest share of renders read rightly, each attribute, 0 to 1."""

TextVectors = Callable[[list[str]], Tensor]
PictureVectors = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The parts that a picture needs, in single precision."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    unet: UNet2DConditionModel
    vae: PatchVae


@torch.no_grad()
def draw(base: Base, captions: list[str], seed: int, batch: int = 64, guidance: float = 3.0) -> Tensor:
    """(n, 3, 32, 32) pictures of the captions, -1 to 1, 10 DDIM steps, one noise a caption."""
    null = text_states(base.text_encoder, encode(base.tokenizer, [""]))
    parts = []
    for at in range(0, len(captions), batch):
        ids = encode(base.tokenizer, captions[at : at + batch])
        states = text_states(base.text_encoder, ids)
        latents = sample(base.unet, states, null, seed=seed + at, guidance=guidance)
        parts.append(base.vae.to_pictures(latents))
    return torch.cat(parts).clamp(-1, 1)


def base_accuracy(base: Base, judge: Judge, seed: int, pictures: int = 600) -> dict[str, float]:
    """Share of pictures of fresh captions with each attribute right, and with all right."""
    rng = np.random.default_rng([seed, 6])
    scenes = [sample_scene(rng, SHAPES) for _ in range(pictures)]
    drawn = draw(base, [caption(scene, rng) for scene in scenes], seed)
    right = {
        name: np.array([getattr(r, name) == getattr(s, name) for r, s in zip(judge.read(drawn), scenes, strict=True)]) for name in HEADS
    }
    shares = {name: float(hits.mean()) for name, hits in right.items()}
    return shares | {"joint": float(np.logical_and.reduce(list(right.values())).mean())}


def _rivals(scene: Scene, attribute: str) -> list[Scene]:
    """Every scene that differs in this attribute only, the true one among them."""
    words: tuple[str, ...] = {
        "shape": ALL_SHAPES,
        "colour": tuple(c for c in COLOURS if c != scene.background),
        "background": tuple(c for c in COLOURS if c != scene.colour),
        "texture": TEXTURES,
    }[attribute]
    return [scene.with_(**{attribute: word}) for word in words]


@torch.no_grad()
def clip_accuracy(text_vectors: TextVectors, picture_vectors: PictureVectors, seed: int, pictures: int = 400) -> dict[str, float]:
    """n-way accuracy on fresh renders of all 16 shapes; textures on shapes that can wear all four."""
    rng = np.random.default_rng([seed, 7])
    shares = {}
    for attribute in CLIP_GATES:
        scenes = [sample_scene(rng, ALL_SHAPES) for _ in range(pictures)]
        if attribute == "texture":
            scenes = [s for s in scenes if len(textures_of(s.shape, s.size)) == len(TEXTURES)]
        seen = picture_vectors(as_tensor(render_all(scenes, rng)))
        rivals = [_rivals(scene, attribute) for scene in scenes]
        told = text_vectors([plain_caption(rival) for group in rivals for rival in group])
        groups = torch.split(told, [len(group) for group in rivals])
        right = [
            group[int((vectors @ vector).argmax())] == scene
            for scene, group, vectors, vector in zip(scenes, rivals, groups, seen, strict=True)
        ]
        shares[attribute] = float(np.mean(right))
    return shares


def holds(measured: dict[str, float], gates: dict[str, float]) -> bool:
    """Whether every measured share reaches its gate."""
    return all(measured[name] >= least for name, least in gates.items())
