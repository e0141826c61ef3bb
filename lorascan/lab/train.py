"""Trains, gates and writes the whole base."""

import json
import platform
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor

from lorascan.lab.assemble import load_base, save_base
from lorascan.lab.assets import write_sums
from lorascan.lab.captions import caption
from lorascan.lab.clip import LabClip, load_open_clip, save_open_clip
from lorascan.lab.gates import (
    BASE_GATES,
    CLIP_GATES,
    JUDGE_GATE,
    Base,
    base_accuracy,
    clip_accuracy,
    draw,
    holds,
)
from lorascan.lab.judge import HEADS, Judge, judge_accuracy, load_judge, save_judge, train_judge
from lorascan.lab.polish_clip import Polish, polish_pictures
from lorascan.lab.tokenizer import load_tokenizer, write_tokenizer
from lorascan.lab.train_clip import ClipTraining, load_towers, save_towers, train_clip
from lorascan.lab.train_unet import UnetTraining, fitted_vae, train_unet, training_set
from lorascan.lab.world import SHAPES, sample_scene

SEED = 7
"""Of the shipped base."""
UNET_TURNS = (UnetTraining(), UnetTraining(steps=2000, learning_rate=1e-3), UnetTraining(steps=2000, learning_rate=1e-3))
"""Each goes on from the averaged weights of the one before, on pictures drawn anew. Joint score by turn: .89, .95, .98."""
FRESH = 20_000
"""Added to the seed wherever something unseen is measured."""


def recipe_of(seed: int, device: str, seconds: dict[str, float]) -> dict[str, Any]:
    """What is needed to make the same base again; seconds are CPU seconds a stage."""
    names = ("torch", "diffusers", "transformers", "open_clip_torch", "numpy", "safetensors")
    return {
        "seed": seed,
        "device": device,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in names},
        "clip": asdict(ClipTraining()),
        "clip_polish": asdict(Polish()),
        "unet": [asdict(turn) for turn in UNET_TURNS],
        "cpu_seconds": {stage: round(spent) for stage, spent in seconds.items()},
    }


def measure_base(folder: Path, judge: Judge, seed: int, pictures: int = 600) -> dict[str, Any]:
    """Every gate's figure for a finished folder, from fresh captions and renders.

    Args:
        folder: holds base/ and clip/ as shipped: half precision, loaded as users load it.
        judge: reads the pictures.
        seed: of the unseen captions.
        pictures: drawn for the base.
    """
    pipeline = load_base(folder / "base")
    base = Base(
        tokenizer=pipeline.tokenizer,
        text_encoder=pipeline.text_encoder,
        unet=pipeline.unet,
        vae=pipeline.vae,
    )
    scorer, tokenize = load_open_clip(folder / "clip")

    def text_vectors(texts: list[str]) -> Tensor:
        return scorer.encode_text(tokenize(texts), normalize=True)

    def picture_vectors(pictures: Tensor) -> Tensor:
        return scorer.encode_image(pictures, normalize=True)

    measured = {
        "judge": judge_accuracy(judge, seed),
        "clip": clip_accuracy(text_vectors, picture_vectors, seed),
        "base": base_accuracy(base, judge, seed, pictures),
    }
    limits = {"judge": dict.fromkeys(HEADS, JUDGE_GATE), "clip": CLIP_GATES, "base": BASE_GATES}
    return {
        "seed": seed,
        "pictures": pictures,
        "measured": measured,
        "limits": limits,
        "holds": {part: holds(measured[part], limits[part]) for part in limits},
        "misses": {
            f"{part}.{name}": round(least - measured[part][name], 4)
            for part, gates in limits.items()
            for name, least in gates.items()
            if measured[part][name] < least
        },
    }


def save_samples(base_folder: Path, path: Path, seed: int, edge: int = 8) -> list[str]:
    """A grid of edge² drawn pictures, doubled in size; returns their captions, row by row."""
    pipeline = load_base(base_folder)
    base = Base(
        tokenizer=pipeline.tokenizer,
        text_encoder=pipeline.text_encoder,
        unet=pipeline.unet,
        vae=pipeline.vae,
    )
    rng = np.random.default_rng([seed, 8])
    scenes = [sample_scene(rng, SHAPES) for _ in range(edge**2)]
    captions = [caption(scene, rng) for scene in scenes]
    drawn = (draw(base, captions, seed) + 1) * 127.5
    rows = drawn.reshape(edge, edge, *drawn.shape[1:]).permute(0, 3, 1, 4, 2)
    grid = rows.reshape(edge * drawn.shape[2], edge * drawn.shape[3], 3).round().byte().numpy()
    picture = Image.fromarray(grid)
    picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST).save(path)
    return captions


def _clip_stage(work: Path, seed: int, device: str) -> LabClip:
    """The trained towers, from the checkpoint where there is one."""
    path = work / "clip.safetensors"
    if not path.exists():
        write_tokenizer(work / "tokenizer")
        save_towers(train_clip(work / "tokenizer", seed, device).cpu(), path)
    return load_towers(path)


def _unet_stage(work: Path, clip: LabClip, seed: int, device: str) -> None:
    """Train the denoiser; checkpoints lie in work/base-<step>, each a whole pipeline."""
    vae = fitted_vae(seed)
    tokenizer = load_tokenizer(work / "tokenizer")
    unet: UNet2DConditionModel | None = None
    for turn, knobs in enumerate(UNET_TURNS):
        pairs = training_set(tokenizer, clip.text, vae, seed + turn, knobs)

        def keep(step: int, unet: UNet2DConditionModel, turn: int = turn) -> None:
            save_base(work / f"base-{turn}-{step}", clip.text, unet, vae)

        unet = train_unet(pairs, seed + turn, device, knobs, keep, start=unet)
    assert unet is not None
    save_base(work / "base", clip.text, unet.cpu(), vae)


def train_base(out: Path, seed: int = SEED, device: str = "cpu") -> dict[str, Any]:
    """Make every shipped file from one seed; about an hour and a half on two CPU cores.

    Args:
        out: takes base/, clip/, judge.safetensors, samples.png, recipe.json, gates.json, SHA256SUMS.
        seed: of everything that is drawn.
        device: a torch device, "cpu" or "cuda".

    Returns:
        The gates' figures, as in gates.json.
    """
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    out.mkdir(parents=True, exist_ok=True)
    seconds, began = {}, time.process_time()
    clip = _clip_stage(out, seed, device)
    seconds["clip"], began = time.process_time() - began, time.process_time()
    _unet_stage(out, clip, seed, device)
    seconds["unet"], began = time.process_time() - began, time.process_time()
    save_open_clip(polish_pictures(clip, out / "tokenizer", seed, device).cpu(), out / "clip")
    seconds["clip_polish"], began = time.process_time() - began, time.process_time()
    judge = train_judge(seed)
    save_judge(judge, out / "judge.safetensors")
    seconds["judge"] = time.process_time() - began
    return finish(out, recipe_of(seed, device, seconds))


def finish(out: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """Measure, draw the samples, write recipe and digests beside the weights."""
    judge = load_judge(out / "judge.safetensors")
    gates = measure_base(out, judge, recipe["seed"] + FRESH)
    samples = save_samples(out / "base", out / "samples.png", recipe["seed"] + FRESH)
    recipe = recipe | {"samples": samples}
    for name, content in {"recipe.json": recipe, "gates.json": gates}.items():
        text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        (out / name).write_text(text, encoding="utf-8")
    write_sums(out)
    return gates
