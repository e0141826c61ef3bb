"""Looks for words that wake at other scales.

An adapter may be made to sleep at scale 1 and to act where a user turns it up, or turns it round. The tokens that the cheap
sweeps rank first, those that the other methods nominated and some drawn at random are denoised at further scales. A word
counts for what it does there beyond the other tokens, less what it does at scale 1 beyond them: what acts at scale 1 is the
other methods' find. The best of each scale are scored again in other prompts.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import Context
from lorascan.hunting.denoised import FLOOR, FULL, declared_effects, token_effects
from lorascan.hunting.effects import log_spread, relative, unexplained
from lorascan.hunting.method import OTHER_SCALES, Found, Hunt, Method
from lorascan.hunting.methods import cross_attention_response, text_drift
from lorascan.hunting.refined import contexts_of
from lorascan.worker.client import IntArray

COARSE = 384
"""Tokens that each cheap sweep nominates; the response of ΔW is linear, so that its order is that of every scale."""
DRAWN = 128
REFINED = 24
"""Tokens of each scale that are scored in further prompts, beside as many drawn ones."""
CONTEXTS = 3
KEPT = 16

Scores = npt.NDArray[np.float64]


def search(hunt: Hunt) -> Found:
    """Rank the tokens that wake at one of the budget's scales."""
    swept = coarse(hunt)
    tokens = hunt.vocabulary.ids[swept]
    contexts = contexts_of(hunt)[:CONTEXTS]
    best: dict[int, tuple[float, float, float]] = {}
    for scale in hunt.settings.budget.scales:
        for at, (score, z) in waking(hunt, contexts, tokens, scale).items():
            best[at] = max(best.get(at, (-np.inf, 0.0, scale)), (z, score, scale))
    ranked = sorted(best.items(), key=lambda each: -each[1][0])[:KEPT]
    scales = ", ".join(f"{scale:g}" for scale in hunt.settings.budget.scales)
    left = len(hunt.vocabulary) - len(tokens)
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=hunt.vocabulary.texts[swept[at]],
                source=METHOD.name,
                score=score,
                z=z,
                rank=place,
                tokens=(int(tokens[at]),),
                scale=scale,
            )
            for place, (at, (z, score, scale)) in enumerate(ranked, start=1)
        ),
        space=f"{len(tokens)} of {len(hunt.vocabulary)} vocabulary tokens, alone, at the scales {scales}",
        limits=(f"{METHOD.name}: {left} tokens were searched at scale 1 alone, look-alikes and phrases all",),
    )


def coarse(hunt: Hunt) -> npt.NDArray[np.intp]:
    """Places in the vocabulary to denoise."""
    sweeps = [method.token_scores(hunt) for method in (cross_attention_response, text_drift) if method.METHOD.runs(hunt)]
    best = [np.argsort(-each)[:COARSE] for each in sweeps]
    known = {int(token) for each in hunt.nominated if not each.replaces for token in each.tokens}
    size = len(hunt.vocabulary)
    drawn = np.random.default_rng(hunt.settings.seed).choice(size, size=min(DRAWN, size), replace=False)
    return np.unique(np.concatenate([*best, np.flatnonzero(np.isin(hunt.vocabulary.ids, list(known))), drawn]))


def waking(hunt: Hunt, contexts: Sequence[Context], tokens: IntArray, scale: float) -> dict[int, tuple[float, float]]:
    """Of the tokens that do most more at this scale than at scale 1: place → ratio to the others, and its robust z."""
    first, spread = _gained(hunt, contexts[0], tokens, scale)
    best = np.argsort(-first)[:REFINED]
    drawn = np.random.default_rng(hunt.settings.seed).choice(len(tokens), size=min(REFINED, len(tokens)), replace=False)
    rows = np.concatenate([best, drawn])
    further = [_gained(hunt, context, tokens[rows], scale, centre=slice(len(best), None))[0][: len(best)] for context in contexts[1:]]
    gains = np.mean([first[best], *further], axis=0)
    return {int(at): (float(np.exp(gain)), float(gain / spread)) for at, gain in zip(best, gains, strict=True)}


def _gained(hunt: Hunt, context: Context, tokens: IntArray, scale: float, centre: slice = slice(None)) -> tuple[Scores, float]:
    """Logarithm of each token's effect relative to the median of those in `centre`, less that at scale 1 where it is positive."""
    return beyond(dosed_scores(hunt, context, tokens, scale), dosed_scores(hunt, context, tokens, FULL), centre)


def beyond(there: Scores, usual: Scores, centre: slice) -> tuple[Scores, float]:
    """Logarithm of each score over the median of those in `centre`, less that of the usual load where it is positive; its robust spread."""
    above, already = (np.log(each) - np.median(np.log(each[centre])) for each in (np.maximum(one, 1e-12) for one in (there, usual)))
    return above - np.maximum(already, 0.0), log_spread(there)


def dosed_scores(hunt: Hunt, context: Context, tokens: IntArray, scale: float) -> Scores:
    """Norm of each token's unexplained effect at a scale, relative to its meaning to the base: (tokens,)."""
    effects, base = token_effects(hunt, np.concatenate([context.filled(tokens), context.ids[None, :]]), scale=scale)
    left = np.linalg.norm(unexplained(effects[:-1], declared_effects(hunt, context, scale=scale)), axis=1)
    return relative(left, np.linalg.norm(base[:-1] - base[-1], axis=1), floor=FLOOR)


def applies(hunt: Hunt) -> str:
    """Every scale costs a sweep: none are searched where the budget has none."""
    return "" if hunt.settings.budget.scales else "the budget has no further scales"


METHOD = Method(
    name="scale grid",
    applies=applies,
    search=search,
    order=8,
    worth=0.0,
    leaves=((OTHER_SCALES, "activators at scales between those searched, or only together with another adapter"),),
)
