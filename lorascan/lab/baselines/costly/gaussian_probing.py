"""The response of the denoiser's layers to Gaussian latents."""

import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked, text_states
from lorascan.lab.gates import Base

_STEPS = (900, 700, 500, 300, 100)
_LAYERS = ("ResnetBlock2D", "Transformer2DModel")
_WIDTH = 4
"""Numbers that are left of a layer's direction."""
_LEAST = 1e-6
"""Relative change below which a layer has no direction."""
Means = dict[str, Tensor]


@contextmanager
def _summed(model: Base) -> Iterator[Means]:
    """Every layer's outputs summed over rows and places, (channels,), by the layer's name, while it is open."""
    sums: Means = {}

    def hook(name: str) -> Any:  # noqa: ANN401 - torch's own type of a hook
        def add(_module: object, _given: object, told: Any) -> None:  # noqa: ANN401 - a tensor or an output that holds one
            tensor = told if isinstance(told, Tensor) else told[0]
            sums[name] = sums.get(name, torch.zeros(())) + tensor.mean(dim=(2, 3)).sum(dim=0)

        return add

    layers = [(name, each) for name, each in model.unet.named_modules() if type(each).__name__ in _LAYERS]
    handles = [each.register_forward_hook(hook(name)) for name, each in layers]
    try:
        yield sums
    finally:
        for each in handles:
            each.remove()


def _means(asked: Asked, model: Base, each: int) -> Means:
    """Mean response by layer and timestep, (channels,), to `each` Gaussian latents a timestep without a prompt."""
    noises, null = asked.noise(each, stream=1), text_states(model, asked.ids([""])).expand(each, -1, -1)
    found: Means = {}
    for step in _STEPS:
        with _summed(model) as sums:
            asked.answers(model, noises, step, null)
        found |= {f"{name} {step}": total / each for name, total in sums.items()}
    return found


def _sketch(change: Tensor, place: str) -> list[float]:
    """The direction of a change, projected at random to `_WIDTH` numbers, the same way at one place for every adapter."""
    generator = torch.Generator().manual_seed(zlib.crc32(place.encode()))
    directions = torch.randn((_WIDTH, len(change)), generator=generator) / math.sqrt(_WIDTH)
    return [float(value) for value in directions @ change]


@torch.inference_mode()
def _score(asked: Asked, _prompts: Sequence[str]) -> list[float]:
    """By layer: log of the relative change of its mean response, and the change's direction, both means over the timesteps."""
    each = asked.left // (2 * len(_STEPS))
    before = asked.of_base("gaussian probing", lambda: _means(asked, asked.base, each))
    after = _means(asked, asked.adapted, each)
    features = []
    for layer in dict.fromkeys(name.rsplit(" ", 1)[0] for name in before):
        changes = torch.stack([after[f"{layer} {step}"] - before[f"{layer} {step}"] for step in _STEPS])
        sizes = changes.norm(dim=1) / torch.stack([before[f"{layer} {step}"].norm() for step in _STEPS]).clamp(min=1e-6)
        directions = torch.where(sizes[:, None] > _LEAST, changes / changes.norm(dim=1, keepdim=True).clamp(min=1e-12), 0.0)
        features += [math.log(float(sizes.mean()) + _LEAST), *_sketch(directions.mean(dim=0), layer)]
    return features


PROBE: Final = CostlyBaseline(
    title="Gaussian probing of the denoiser's layers",
    source="after Suriyakumar et al. 2026 (arXiv 2604.25119), from the abstract: responses of inner layers to Gaussian latents. "
    "Assumed: mean outputs of residual and transformer blocks at five timesteps without a prompt; by layer the relative size of "
    "the change and its direction in 4 random projections; ridge logistic regression",
    score=_score,
    fitted=True,
)
