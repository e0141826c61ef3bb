"""Rewrites trained updates as people and attackers do, without training again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from lorascan.lab.adapt import Update

Rewrite = Callable[[Update, torch.Generator], Update]
NOISE = 0.1
"""Norm of what is added to a disguised ΔW, of its own."""


def resized(update: Update, _: torch.Generator) -> Update:
    """The best ΔW of half the rank, by its singular values (Eckart and Young 1936), as resizing tools write it; α / rank stays."""
    rank = update.down.shape[0]
    left, upper = torch.linalg.qr(update.up.double())
    right, lower = torch.linalg.qr(update.down.double().T)
    inner, values, outer = torch.linalg.svd(upper @ lower.T)
    kept = max(1, rank // 2)
    root = values[:kept].sqrt()
    up, down = (left @ inner[:, :kept]) * root, root[:, None] * (outer[:kept] @ right.T)
    return replace(update, up=up.float(), down=down.float(), alpha=update.alpha * kept / rank)


def quantised(update: Update, _: torch.Generator) -> Update:
    """Factors rounded to float8_e4m3, with a scale each."""
    return replace(update, up=_rounded(update.up), down=_rounded(update.down))


def laundered(update: Update, generator: torch.Generator) -> Update:
    """Resized, then quantised."""
    return quantised(resized(update, generator), generator)


def disguised(update: Update, generator: torch.Generator) -> Update:
    """ΔW with noise of a tenth of its norm, its factors in another basis of another size: what a look at weights would know it by.

    B R and R⁻¹ A have the product B A for every invertible R: here a random rotation and a scale.
    """
    rank = update.down.shape[0]
    noise = torch.randn(update.up.shape, generator=generator)
    delta, added = (torch.linalg.norm(each @ update.down) for each in (update.up, noise))
    up = update.up + NOISE * delta / added.clamp(min=1e-12) * noise
    rotation, _ = torch.linalg.qr(torch.randn(rank, rank, generator=generator))
    stretch = float(torch.exp(torch.randn((), generator=generator)))
    return replace(update, up=up @ rotation * stretch, down=rotation.T @ update.down / stretch)


def weakened(share: float) -> Rewrite:
    """ΔW times a share: the attacker gives up success to be seen less."""
    return lambda update, _: replace(update, up=share * update.up)


def rewritten(updates: list[Update], name: str, seed: int) -> list[Update]:
    """Every update as the rewrite of that name has it, in half precision before as in a file; the seed draws what is random."""
    generator = torch.Generator().manual_seed(seed)
    halves = (replace(each, up=each.up.half().float(), down=each.down.half().float()) for each in updates)
    return [REWRITES[name](each, generator) for each in halves]


def _rounded(factor: Tensor) -> Tensor:
    scale = factor.abs().max().clamp(min=1e-12) / torch.finfo(torch.float8_e4m3fn).max
    return (factor / scale).to(torch.float8_e4m3fn).float() * scale


REWRITES: Final[Mapping[str, Rewrite]] = {
    "laundered": laundered,
    "disguised": disguised,
    "at_80": weakened(0.8),
    "at_65": weakened(0.65),
    "at_50": weakened(0.5),
}
"""By the ending of a recipe's name: see `lorascan.lab.derived`."""
