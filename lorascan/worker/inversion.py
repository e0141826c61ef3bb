"""Follows a token's embedding uphill to where the adapter does most."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lorascan.worker.pipeline import Base
from lorascan.worker.primitives import Progress, latents_at
from lorascan.worker.states import states

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]

FIRST, LAST = 0.4, 0.05
"""Length of the first and of the last step, as a share of the embeddings' norm; those between fall evenly in logarithms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Where embeddings begin, and what is climbed.

    ids (n, length): the prompt with each seed token at `slot`; `plain` (length,) without. At each of `timesteps` (T,), shares of the
    training schedule, what is already explained: the mean effect `common` (T, cells), orthonormal rows `explained` (T, r, cells), and
    `floors` (T,), added to what a text means to the base. Steps and rows at once are counts.
    """

    ids: IntArray
    plain: IntArray
    slot: int
    timesteps: tuple[float, ...]
    common: FloatArray
    explained: FloatArray
    floors: FloatArray
    seed: int
    side: int
    steps: int
    batch: int


def invert(base: Base, climb: Climb, nearest: int, dose: Callable[[float], None], progress: Progress) -> IntArray:
    """The `nearest` tokens, by the cosine of embeddings, to where each seed's embedding ends: (n, nearest), the nearest first.

    Climbed is Σ log(‖left(δ)‖ / meaning) over timesteps with δ = ε_L(x, p+e) − ε_0(x, p+e) and left(δ) what the mean and the
    explained rows leave of it. Embeddings stay on the sphere of the vocabulary's median norm. `dose` sets the adapter's scale; it
    is left at 1.
    """
    table = _embedding(base).weight.detach().float()
    radius = table.norm(dim=1).median()
    dose(0.0)
    origins = [answer.detach() for answer in _answers(base, climb, climb.plain[None, :], None)]
    found = []
    for start in range(0, len(climb.ids), climb.batch):
        rows = climb.ids[start : start + climb.batch]
        soft = _unit(table[torch.from_numpy(rows[:, climb.slot].astype(np.int64)).to(table.device)])
        for step in range(climb.steps):
            uphill = _gradient(base, climb, rows, soft * radius, origins, dose)
            along = uphill - (uphill * soft).sum(dim=1, keepdim=True) * soft
            soft = _unit(soft + _pace(step, climb.steps) * _unit(along))
            progress((start + len(rows) * (step + 1) / climb.steps) / len(climb.ids))
        found.append(torch.nan_to_num(soft @ _unit(table).T).topk(nearest, dim=1).indices.cpu().numpy())
    dose(1.0)
    return np.concatenate(found).astype(np.int32)


def _gradient(base: Base, climb: Climb, rows: IntArray, vectors: Tensor, origins: list[Tensor], dose: Callable[[float], None]) -> Tensor:
    """Of what is climbed, by the embeddings (rows, width). Timesteps are taken one by one, so that one graph is held at a time."""
    total = torch.zeros_like(vectors)
    for at in range(len(climb.timesteps)):
        leaf = vectors.detach().requires_grad_()
        dose(1.0)
        adapted = _answer(base, climb, rows, leaf, at)
        dose(0.0)
        plain = _answer(base, climb, rows, leaf, at)
        common, explained = (torch.from_numpy(each[at]).to(vectors.device) for each in (climb.common, climb.explained))
        moved = adapted - plain - common
        left = (moved - (moved @ explained.T) @ explained).norm(dim=1)
        meaning = (plain - origins[at]).norm(dim=1) + float(climb.floors[at])
        (gradient,) = torch.autograd.grad((torch.log(left + _LEAST) - torch.log(meaning + _LEAST)).sum(), leaf)
        total += torch.nan_to_num(gradient)
    return total


_LEAST = 1e-9


def _answers(base: Base, climb: Climb, rows: IntArray, vectors: Tensor | None) -> Iterator[Tensor]:
    for at in range(len(climb.timesteps)):
        with torch.no_grad():
            yield _answer(base, climb, rows, vectors, at)


def _answer(base: Base, climb: Climb, rows: IntArray, vectors: Tensor | None, at: int) -> Tensor:
    """Denoiser outputs (rows, cells) at one of the timesteps, with these embeddings (rows, width) at the slot."""
    noise, moment = latents_at(base, climb.timesteps[at], climb.seed, climb.side)
    conditions = _states(base, rows, climb.slot, vectors).to(noise.dtype)
    latents = noise.expand(len(rows), -1, -1, -1)
    answer: Tensor = base.pipeline.unet(latents, moment, encoder_hidden_states=conditions, return_dict=False)[0]
    return answer.float().flatten(1)


def _states(base: Base, rows: IntArray, slot: int, vectors: Tensor | None) -> Tensor:
    if vectors is None:
        return states(base, rows)

    def exchanged(_: torch.nn.Module, __: object, embedded: Tensor) -> Tensor:
        return torch.cat([embedded[:, :slot], vectors[:, None].to(embedded.dtype), embedded[:, slot + 1 :]], dim=1)

    handle = _embedding(base).register_forward_hook(exchanged)
    try:
        return states(base, rows)
    finally:
        handle.remove()


def _embedding(base: Base) -> Any:  # noqa: ANN401 - a module with a weight, perhaps wrapped by peft
    return base.pipeline.text_encoder.get_input_embeddings()


def _pace(step: int, steps: int) -> float:
    return float(FIRST * (LAST / FIRST) ** (step / max(steps - 1, 1)))


def _unit(rows: Tensor) -> Tensor:
    return rows / rows.norm(dim=1, keepdim=True).clamp_min(_LEAST)
