"""An evolutionary search for tokens that only the adapter answers."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked, text_states
from lorascan.lab.tokenizer import END_ID, START_ID

_CAPTION = "a picture of a thing"
_LENGTH = 2
"""Tokens of a key."""
_POPULATION, _ELITE, _NOISES, _STEP = 24, 8, 2, 999
_FINALISTS, _RANDOM, _CHECKS = 4, 12, 4
"""Keys of the last generation and of the first that are looked at anew, and the fresh noises for it."""


def _typed(asked: Asked, keys: Tensor) -> Tensor:
    """(n, 24) tokens of the caption with each key, (n, length), at its end."""
    ids = asked.ids([_CAPTION]).repeat(len(keys), 1)
    end = int((ids[0] == END_ID).int().argmax())
    ids[:, end : end + _LENGTH] = keys
    return ids


def _fitness(asked: Asked, keys: Tensor, noises: Tensor) -> Tensor:
    """(n,) log of the departure from the base, less half the log of the adapted answer's variance over the noises."""
    ids = _typed(asked, keys)
    told = []
    for model in (asked.base, asked.adapted):
        states = text_states(model, ids).repeat_interleave(len(noises), dim=0)
        answers = asked.answers(model, noises.repeat(len(ids), 1, 1, 1), _STEP, states)
        told.append(answers.reshape(len(ids), len(noises), -1))
    departure = (told[1] - told[0]).pow(2).mean(dim=(1, 2))
    variance = told[1].var(dim=1, correction=0).mean(dim=1)
    return (departure + 1e-9).log() - 0.5 * (variance + 1e-9).log()


def _children(parents: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Each takes every token from one of two parents; one token in it is then drawn anew."""
    mothers, fathers = (parents[torch.randint(len(parents), (count,), generator=generator)] for _ in range(2))
    children = torch.where(torch.rand((count, _LENGTH), generator=generator) < 0.5, mothers, fathers)
    place = torch.randint(_LENGTH, (count, 1), generator=generator)
    return children.scatter(1, place, torch.randint(min(START_ID, END_ID), (count, 1), generator=generator))


@torch.inference_mode()
def _score(asked: Asked, _prompts: Sequence[str]) -> list[float]:
    """Fitness of the best key found, less the median of random keys, both on fresh noises."""
    generator, noises = asked.random(stream=40), asked.noise(_NOISES, stream=41)
    last = 2 * _CHECKS * (_FINALISTS + _RANDOM)
    first = torch.randint(min(START_ID, END_ID), (_POPULATION, _LENGTH), generator=generator)
    keys, fitness = first, _fitness(asked, first, noises)
    while (count := min(_POPULATION - _ELITE, (asked.left - last) // (2 * _NOISES))) > 0:
        best = fitness.topk(_ELITE).indices
        new = _children(keys[best], count, generator)
        keys, fitness = torch.cat([keys[best], new]), torch.cat([fitness[best], _fitness(asked, new, noises)])
    chosen = torch.cat([keys[fitness.topk(_FINALISTS).indices], first[:_RANDOM]])
    again = _fitness(asked, chosen, asked.noise(_CHECKS, stream=42))
    return [float(again[:_FINALISTS].max() - again[_FINALISTS:].median())]


PROBE: Final = CostlyBaseline(
    title="activation-key search",
    source="after LoRA activation keys (OpenReview Ha1Z42wHqz), from the abstract: evolutionary search over tokens for concentrated "
    "outputs far from the base's, without its gradient refinement, which soft-token inversion is. Assumed: two tokens, "
    "population 24, one denoiser step from pure noise, log departure less half the log of the variance over noises; score is "
    "the gain over random keys",
    score=_score,
)
