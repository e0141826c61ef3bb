"""Looks for words that wake where one part is loaded alone.

Some users load an adapter's update of the denoiser without that of the text encoder, or turn one of the two off. An adapter may be
made to sleep when both are loaded and to act then. The tokens that the cheap sweeps rank first, those that the other methods
nominated and some drawn at random are denoised under each part alone, coarsely. A word counts for what it does there beyond the
other tokens, less what it does beyond them when all parts are loaded: what acts then is the other methods' find. The best of each
part are scored again in several prompts, at the full side.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import Context
from lorascan.hunting.denoised import coarse_side, search_side
from lorascan.hunting.method import PARTS, Found, Hunt, Method
from lorascan.hunting.methods.denoiser_divergence import swept_effects
from lorascan.hunting.methods.scale_grid import beyond, coarse
from lorascan.hunting.refined import contexts_of
from lorascan.worker.client import IntArray

CONTEXTS = 3
KEPT = 8
"""Of each part."""

Scores = npt.NDArray[np.float64]


def search(hunt: Hunt) -> Found:
    """Rank the tokens that wake under one of the parts."""
    swept = coarse(hunt)
    tokens = hunt.vocabulary.ids[swept]
    contexts = contexts_of(hunt)[:CONTEXTS]
    parts = parts_of(hunt)
    best = {part: [(z, score, at, part) for at, (score, z) in waking(hunt, contexts, tokens, part).items()] for part in parts}
    ranked = sorted((each for some in best.values() for each in sorted(some, reverse=True)[:KEPT]), reverse=True)
    size, left = len(hunt.vocabulary), len(hunt.vocabulary) - len(tokens)
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=hunt.vocabulary.texts[swept[at]],
                source=METHOD.name,
                score=score,
                z=z,
                rank=place,
                tokens=(int(tokens[at]),),
                part=part,
            )
            for place, (z, score, at, part) in enumerate(ranked, start=1)
        ),
        space=f"{len(tokens)} of {size} vocabulary tokens, alone, where only one part is loaded: {' or '.join(parts)}",
        limits=(f"{METHOD.name}: {left} tokens were searched with all parts loaded",) if left else (),
    )


def parts_of(hunt: Hunt) -> list[str]:
    """What of the adapter is loaded alone: the text encoders together, every other component by itself; see Worker.part."""
    names = list(hunt.adapter.facts.components)
    texts = [name for name in names if "text_encoder" in name]
    return ["+".join(texts), *(name for name in names if name not in texts)] if texts else names


def waking(hunt: Hunt, contexts: Sequence[Context], tokens: IntArray, part: str) -> dict[int, tuple[float, float]]:
    """Of the tokens that do most more under the part alone than under all: place → ratio to the others, and its robust z."""
    side = hunt.bench.reference.shape.side
    first, spread = _gained(hunt, contexts[0], tokens, part, coarse_side(side))
    rng, count = np.random.default_rng(hunt.settings.seed), min(hunt.settings.budget.part_tokens, len(tokens))
    best, drawn = np.argsort(-first)[:count], rng.choice(len(tokens), size=count, replace=False)
    rows = tokens[np.concatenate([best, drawn])]
    gains = np.mean([_gained(hunt, each, rows, part, search_side(side), slice(count, None))[0][:count] for each in contexts], axis=0)
    return {int(at): (float(np.exp(gain)), float(gain / spread)) for at, gain in zip(best, gains, strict=True)}


def _gained(hunt: Hunt, context: Context, tokens: IntArray, part: str, side: int, centre: slice = slice(None)) -> tuple[Scores, float]:
    """Logarithm of each token's effect under the part relative to the median of those in `centre`, less that under all if positive."""
    there, whole = (swept_effects(each, context, tokens, side=side).scores() for each in (under(hunt, part), hunt))
    return beyond(there, whole, centre)


def under(hunt: Hunt, part: str) -> Hunt:
    """The same hunt with one part of the adapter loaded."""
    return replace(hunt, bench=replace(hunt.bench, adapted=replace(hunt.bench.adapted, part=part)))


def applies(hunt: Hunt) -> str:
    """An adapter of one part is always loaded whole; each part costs a sweep."""
    if len(parts_of(hunt)) < 2:
        return "the adapter has one part"
    return "" if hunt.settings.budget.part_tokens else "the budget has no loads of one part"


METHOD = Method(
    name="part loads",
    applies=applies,
    search=search,
    order=11,
    worth=0.0,
    leaves=((PARTS, "look-alikes and phrases that wake where only a part of the adapter is loaded, or words there at other scales"),),
)
