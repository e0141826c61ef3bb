"""Scores the best of a sweep again, in other prompts and at other places.

Both sweeps of the vocabulary by denoiser steps end so: the best tokens of the first prompt beside tokens drawn at random, ranked by
the geometric mean over prompts of their ratio to these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import Context, context_of
from lorascan.hunting.effects import log_spread
from lorascan.hunting.method import Hunt
from lorascan.hunting.peeling import Effects, combined, peeled
from lorascan.hunting.triggers import Place
from lorascan.worker.client import IntArray

PLACES: tuple[Place, ...] = ("before", "end", "front")
"""Where the token stands in the first, second, third search prompt, and so on by turns."""
Scores = npt.NDArray[np.float64]
Measured = Callable[[Context, IntArray], Effects]
"""What each of some tokens (n,) does in a context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tokens are scored again, beside how many drawn at random, and how many are nominated.

    `independent`: effects told apart where nothing is declared.
    """

    refined: int
    drawn: int
    kept: int
    independent: int


def contexts_of(hunt: Hunt) -> list[Context]:
    """The prompts of a sweep, the one of the whole vocabulary first."""
    scenes = hunt.scenes[: hunt.settings.budget.refined_contexts]
    return [context_of(hunt.bench.reference, scene, place) for scene, place in zip(scenes, cycle(PLACES), strict=False)]


def nominated(hunt: Hunt, swept: npt.NDArray[np.intp], measured: Measured, counts: Counts, source: str) -> tuple[TriggerCandidate, ...]:
    """The best of the tokens at these places of the vocabulary, by what is measured in every prompt."""
    tokens, contexts = hunt.vocabulary.ids[swept], contexts_of(hunt)
    first = measured(contexts[0], tokens)
    ranked = first.scores()
    best = np.argsort(-ranked)[: counts.refined]
    order, scores = _refined(hunt, contexts, tokens, first, best, measured, counts)
    z = np.log(np.maximum(scores, 1e-12)) / log_spread(ranked)
    return tuple(
        TriggerCandidate(
            text=hunt.vocabulary.texts[swept[best[at]]],
            source=source,
            score=float(scores[at]),
            z=float(z[at]),
            rank=place,
            tokens=(int(tokens[best[at]]),),
        )
        for place, at in enumerate(order[: counts.kept], start=1)
    )


def _refined(  # noqa: PLR0913, PLR0917 - what one sweep has found so far
    hunt: Hunt,
    contexts: Sequence[Context],
    tokens: IntArray,
    first: Effects,
    best: npt.NDArray[np.intp],
    measured: Measured,
    counts: Counts,
) -> tuple[Sequence[int], Scores]:
    """Order of the best tokens over all contexts, and their scores relative to the median of tokens drawn at random.

    Where nothing is declared, effects that are independent of each other come first.
    """
    ranked = first.scores()
    drawn = np.random.default_rng(hunt.settings.seed).choice(len(ranked), size=min(counts.drawn, len(ranked)), replace=False)
    rows = np.concatenate([best, drawn])
    seen = [measured(context, tokens[rows]) for context in contexts[1:]]
    kept = [first.rows(best), *(each.rows(slice(len(best))) for each in seen)]
    centres = [float(np.median(ranked)), *(float(np.median(each.scores()[len(best) :])) for each in seen)]
    if hunt.declared:
        scores = combined([each.scores() for each in kept], centres)
        return np.argsort(-scores).tolist(), scores
    return peeled(kept, centres, counts.independent)
