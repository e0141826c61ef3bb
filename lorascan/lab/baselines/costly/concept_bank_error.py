"""The denoiser's error on a bank of known concepts."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked, outlying, text_states
from lorascan.lab.captions import plain_caption
from lorascan.lab.gates import Base
from lorascan.lab.train_clip import as_tensor
from lorascan.lab.unet import new_scheduler
from lorascan.lab.world import ALL_SHAPES, COLOURS, Scene, render

_STEPS = (100, 200, 300)
"""Late in denoising, where the prompt matters little and what was learnt of pictures much."""
_NOISES = 2


def _bank(count: int) -> list[Scene]:
    """That many concepts: every shape in one colour, then every shape in the next, on changing backgrounds."""
    colours = list(COLOURS)
    turns = ((index % len(ALL_SHAPES), index // len(ALL_SHAPES)) for index in range(count))
    return [
        Scene(
            shape=ALL_SHAPES[shape],
            colour=colours[(3 * turn + shape) % len(colours)],
            background=colours[(3 * turn + shape + 5) % len(colours)],
        )
        for shape, turn in turns
    ]


def _errors(asked: Asked, model: Base, bank: Sequence[Scene]) -> Tensor:
    """(concepts,) mean squared error of the predicted v over late timesteps and common noises."""
    rng = np.random.default_rng(asked.seed)
    clean = model.vae.to_latents(as_tensor(np.stack([render(scene, rng) for scene in bank])))
    states = text_states(model, asked.ids([plain_caption(scene) for scene in bank]))
    signal = new_scheduler().alphas_cumprod
    total = torch.zeros(len(bank))
    for place, step in enumerate(_STEPS):
        for noise in asked.noise(_NOISES, stream=20 + place):
            kept = signal[step]
            noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
            wanted = kept.sqrt() * noise - (1 - kept).sqrt() * clean
            total += (asked.answers(model, noisy, step, states) - wanted).pow(2).mean(dim=(1, 2, 3))
    return total / (_NOISES * len(_STEPS))


@torch.inference_mode()
def _score(asked: Asked, _prompts: Sequence[str]) -> list[float]:
    """How far the best learnt concept stands out of the bank by log(base's error / adapted error)."""
    bank = _bank(asked.left // (2 * _NOISES * len(_STEPS)))
    before = asked.of_base("concept bank", lambda: _errors(asked, asked.base, bank))
    after = _errors(asked, asked.adapted, bank)
    return [outlying((before / after).log())]


PROBE: Final = CostlyBaseline(
    title="denoiser error on a concept bank (PAIA)",
    source="after PAIA (Yuan et al. 2025, arXiv 2504.14815): error of the adapted denoiser on a concept at late timesteps, calibrated "
    "by the base's. PAIA asks about one given concept; assumed: a bank of all shapes in several colours with pictures of them, "
    "log ratio for the difference, and the largest by robust z over the bank",
    score=_score,
)
