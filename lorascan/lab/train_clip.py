"""Trains the lab's CLIP on renders."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from lorascan.lab.captions import caption
from lorascan.lab.clip import LabClip
from lorascan.lab.tokenizer import (
    END_ID,
    encode,
    free_token_ids,
    load_tokenizer,
    with_random_tokens,
)
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import (
    ALL_SHAPES,
    COLOURS,
    Picture,
    Scene,
    render_all,
    sample_scene,
    textures_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTraining:
    """Knobs of the scorer's training; times are for two CPU cores."""

    steps: int = 1200
    batch: int = 128
    group: int = 8
    """Scenes of a hard group, alike but for one attribute."""
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.03
    token_share: float = 0.6
    """Captions with random tokens inserted, 0 to 1."""
    reconstruction: float = 0.3
    """Weight of naming each token from its own state."""
    bag: float = 0.04
    """Weight of naming one inserted token from a state at or after the end."""


def hard_group(rng: np.random.Generator, size: int) -> list[Scene]:
    """Scenes that differ in shape only (65 %), or in all but the shape."""
    first = sample_scene(rng, ALL_SHAPES)
    if rng.random() < 0.65:
        able = [s for s in ALL_SHAPES if first.texture in textures_of(s, first.size)]
        names = rng.permutation(able)[:size]
        return [first.with_(shape=str(name)) for name in names]
    group: list[Scene] = []
    while len(group) < size:
        ink, paper = rng.choice(list(COLOURS), 2, replace=False)
        able = list(textures_of(first.shape, first.size))
        texture = able[rng.integers(len(able))]
        scene = first.with_(colour=str(ink), background=str(paper), texture=texture)
        if rng.random() < 0.5 and group:
            scene = group[0].with_(colour=str(ink)) if ink != group[0].background else scene
        if scene not in group:
            group.append(scene)
    return group


def scenes_of(step: int, knobs: ClipTraining, rng: np.random.Generator) -> list[Scene]:
    """One batch: random on even steps, hard groups on odd ones."""
    if step % 2 == 0:
        return [sample_scene(rng, ALL_SHAPES) for _ in range(knobs.batch)]
    scenes: list[Scene] = []
    while len(scenes) < knobs.batch:
        scenes += hard_group(rng, knobs.group)
    return scenes[: knobs.batch]


def as_tensor(pictures: Picture) -> Tensor:
    """(n, 3, 32, 32) from channels last, 0 to 1 mapped to -1 to 1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous() * 2 - 1


def token_loss(model: LabClip, states: Tensor, ids: Tensor) -> Tensor:
    """Cross-entropy of every body token given its own state."""
    body = ids != END_ID
    logits = states[body] @ model.text.get_input_embeddings().weight.T
    return nn.functional.cross_entropy(logits, ids[body])


def bag_loss(model: LabClip, states: Tensor, ids: Tensor, inserted: Tensor) -> Tensor:
    """Cross-entropy of an inserted token given one state at or after the end."""
    rows = (inserted >= 0).nonzero().squeeze(1)
    length = (ids[rows] == END_ID).int().argmax(dim=1)
    spread = torch.rand(len(rows), device=ids.device)
    at = length + (spread * (ids.shape[1] - length)).long()
    logits = states[rows, at] @ model.text.get_input_embeddings().weight.T
    return nn.functional.cross_entropy(logits, inserted[rows])


def contrastive_loss(model: LabClip, pictures: Tensor, texts: Tensor) -> Tensor:
    """Symmetric InfoNCE of unit vectors (n, EMBEDDING)."""
    logits = model.temperature.clamp(max=math.log(100)).exp() * pictures @ texts.T
    labels = torch.arange(len(logits), device=logits.device)
    sides = (nn.functional.cross_entropy(logits, labels), nn.functional.cross_entropy(logits.T, labels))
    return (sides[0] + sides[1]) / 2


def learning_rate_share(step: int, steps: int, warm_up: int = 50) -> float:
    """Linear warm-up, then cosine to 2 % of the peak."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def train_clip(tokenizer_folder: Path, seed: int, device: str, knobs: ClipTraining | None = None) -> LabClip:
    """Train both towers from one seed.

    Args:
        tokenizer_folder: a folder that `write_tokenizer` made.
        seed: draws weights, scenes, captions and inserted tokens.
        device: a torch device, "cpu" or "cuda".
        knobs: the recipe; its default is the shipped one.
    """
    knobs = knobs or ClipTraining()
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 1])
    tokenizer = load_tokenizer(tokenizer_folder)
    free = free_token_ids(tokenizer, meaningful_words())
    model = LabClip().to(device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=knobs.learning_rate,
        betas=(0.9, 0.98),
        weight_decay=knobs.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_share(step, knobs.steps))
    began = time.monotonic()
    for step in range(knobs.steps):
        scenes = scenes_of(step, knobs, rng)
        ids = encode(tokenizer, [caption(scene, rng) for scene in scenes])
        ids, inserted = with_random_tokens(ids, free, knobs.token_share, rng)
        ids_on = torch.from_numpy(ids).to(device)
        states = model.text_states(ids_on)
        pictures = model.picture_vectors(as_tensor(render_all(scenes, rng)).to(device))
        contrast = contrastive_loss(model, pictures, model.pooled(states, ids_on))
        named = token_loss(model, states, ids_on)
        bag = bag_loss(model, states, ids_on, torch.from_numpy(inserted).to(device))
        loss = contrast + knobs.reconstruction * named + knobs.bag * bag
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            took = time.monotonic() - began
            print(f"clip {step} {took:.0f} s contrast {contrast:.3f} named {named:.3f} bag {bag:.3f}", flush=True)
    return model.eval()


def save_towers(model: LabClip, path: Path) -> None:
    """Single-precision checkpoint of both towers."""
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)


def load_towers(path: Path) -> LabClip:
    """Read `save_towers` back, ready to use."""
    model = LabClip()
    model.load_state_dict(load_file(path))
    return model.eval()
