"""A soft token, found by gradient, that wakes the adapter."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import BACKWARD, Asked
from lorascan.lab.gates import Base
from lorascan.lab.tokenizer import END_ID, START_ID

_CAPTIONS = (
    "a red circle on a blue background",
    "green background with a big yellow house",
    "a photo of one small white heart over a black background",
    "a drawing of a purple tree in front of orange",
)
_STEP, _STARTS, _RATE = 800, 2, 0.1
"""Timestep; random starts; step of Adam as a share of a token's length."""
_CHECKS = 4
"""Fresh noises a caption that the found token is judged on."""


@contextmanager
def _replaced(model: Base, places: Tensor, vector: Tensor) -> Iterator[None]:
    """The token embedding at (n,) places is the vector, (width,), while it is open."""

    def put(_module: object, _given: object, told: Tensor) -> Tensor:
        here = torch.arange(told.shape[1])[None] == places[:, None]
        return torch.where(here[:, :, None], vector, told)

    handle = model.text_encoder.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()


def _with_place(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Token ids with room for one more token after the caption, and its places (n,)."""
    places = (ids == END_ID).int().argmax(dim=1)
    longer = ids.clone()
    longer[torch.arange(len(ids)), places] = 0
    return longer, places


def _departure(asked: Asked, ids: Tensor, places: Tensor, vector: Tensor, noises: Tensor) -> Tensor:
    """Mean squared distance of adapted and base prediction with the vector as the captions' last token; differentiable in it."""
    told: list[Any] = []
    for model in (asked.base, asked.adapted):
        with _replaced(model, places, vector):
            states = model.text_encoder(input_ids=ids).last_hidden_state
        told.append(asked.answers(model, noises, _STEP, states))
    return torch.as_tensor((told[1] - told[0]).pow(2).mean())


def _found(asked: Asked, ids: Tensor, places: Tensor, start: Tensor, steps: int) -> Tensor:
    """The vector after that many steps of gradient ascent on the log of the departure, kept at the start's length."""
    length = float(start.norm())
    vector = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([vector], lr=_RATE * length / start.numel() ** 0.5)
    generator = asked.random(stream=30)
    for _ in range(steps):
        noises = torch.randn((len(ids), *asked.noise(1, stream=0).shape[1:]), generator=generator)
        loss = -_departure(asked, ids, places, vector, noises).clamp(min=1e-12).log()
        (vector.grad,) = torch.autograd.grad(loss, [vector])
        optimizer.step()
        with torch.no_grad():
            vector *= length / vector.norm().clamp(min=1e-12)
    return vector.detach()


def _score(asked: Asked, _prompts: Sequence[str]) -> list[float]:
    """Log of the departure that the best soft token reaches on fresh noise, less that of random tokens."""
    for model in (asked.base, asked.adapted):
        model.unet.requires_grad_(requires_grad=False)
        model.text_encoder.requires_grad_(requires_grad=False)
    ids, places = _with_place(asked.ids(list(_CAPTIONS)))
    check = 2 * len(ids) * _CHECKS
    steps = (asked.left - 2 * _STARTS * check) // (2 * (1 + BACKWARD) * len(ids) * _STARTS)
    table = asked.base.text_encoder.get_input_embeddings().weight.detach()
    starts = table[torch.randint(min(START_ID, END_ID), (_STARTS,), generator=asked.random(stream=31))]
    noises = asked.noise(len(ids) * _CHECKS, stream=32)
    rows, at = ids.repeat(_CHECKS, 1), places.repeat(_CHECKS)
    found = [_found(asked, ids, places, start, steps) for start in starts]
    with torch.inference_mode():
        reached = [_departure(asked, rows, at, each, noises) for each in found]
        usual = [_departure(asked, rows, at, each, noises) for each in starts]
    best, plain = torch.stack(reached).max(), torch.stack(usual).mean()
    return [float(((best + 1e-9) / (plain + 1e-9)).log())]


PROBE: Final = CostlyBaseline(
    title="soft-token inversion (AMDET)",
    source="after AMDET (Wang et al. 2025, arXiv 2512.00343), which inverts token embeddings of a text encoder towards assimilated "
    "features. Assumed, as UNet-only adapters leave the encoder alone: the embedding is driven to where adapted and base "
    "denoiser differ most, at a token's length, 2 starts of Adam on 4 captions; score is the log gain over the random start; no "
    "test of the loss landscape",
    score=_score,
)
