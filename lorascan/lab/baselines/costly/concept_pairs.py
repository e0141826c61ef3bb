"""Adjective and noun together against each alone."""

import math
from collections.abc import Sequence
from typing import Final

import torch

from lorascan.hunting.wordings import shipped_list
from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked, departures, outlying

_STEP = 800


def _some(words: Sequence[str], count: int) -> list[str]:
    """That many of the words, evenly over the list."""
    count = min(count, len(words))
    return [words[place * len(words) // count] for place in range(count)]


@torch.inference_mode()
def _score(asked: Asked, _prompts: Sequence[str]) -> list[float]:
    """How far the strongest interaction D(a n) − max(D(a), D(n)) stands out, of as many adjectives as nouns as can be asked."""
    each = int(math.sqrt(asked.left // 2 + 1)) - 1  # n² + 2n prompts
    adjectives, nouns = (_some(shipped_list("concept-pairs", name), each) for name in ("adjective", "noun"))
    pairs = [f"a {adjective} {noun}" for adjective in adjectives for noun in nouns]
    texts = [*pairs, *(f"a {adjective} thing" for adjective in adjectives), *(f"a {noun}" for noun in nouns)]
    found = departures(asked, asked.ids(texts), asked.noise(1, stream=50), _STEP, name="concept pairs")[:, 0]
    together, alone, thing = found.split([len(pairs), len(adjectives), len(nouns)])
    either = torch.maximum(alone[:, None], thing[None])
    return [outlying(together - either.flatten())]


PROBE: Final = CostlyBaseline(
    title="concept-pair probing (MasqLoRA)",
    source="after the trigger of MasqLoRA (arXiv 2602.21977), an everyday adjective before an everyday noun; no paper's exact "
    "procedure. Assumed: departure of the adapted from the base denoiser in one step, the pair's beyond the larger of its "
    "words', largest by robust z; words of the audit's own suite `concept-pairs`, evenly thinned",
    score=_score,
)
