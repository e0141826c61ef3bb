"""Sweeps the vocabulary by one denoiser step a token.

For every token t of the base's vocabulary, put into a plain prompt p: δ(t) = ε_L(x, p+t) − ε_0(x, p+t), both from one
noise x at the same timestep (common random numbers). A hidden trigger is a token whose δ points where neither the
adapter's common effect nor its declared words point: the norm of that remainder, relative to what the token means to
the base itself. On a small base a coarse sweep, at half the side, leaves the best and some drawn at random to the fine one. The best
of that are scored again in other prompts and at other places, beside tokens drawn at random, and ranked by the geometric mean over
prompts of their ratio to these. Where no word is declared, what the strongest token does is taken out of what the others do, and so
on: independent effects come first.
"""

from functools import partial

import numpy as np
import numpy.typing as npt

from lorascan.hunting.contexts import Context
from lorascan.hunting.denoised import FLOOR, coarse_side, declared_effects, search_side, token_effects
from lorascan.hunting.effects import unexplained
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.narrowing import swept_tokens
from lorascan.hunting.peeling import Effects
from lorascan.hunting.refined import Counts, contexts_of, nominated
from lorascan.worker.client import IntArray

FINE = 256
"""Tokens that the coarse sweep leaves to the fine one: the true trigger was among its first 4 in each of six `dev` adapters."""
BESIDE = 128
"""Tokens drawn at random that are looked at with them: they keep the scores' centre where the whole vocabulary's would be."""
COUNTS = Counts(refined=128, drawn=64, kept=48, independent=12)

Scores = npt.NDArray[np.float64]


def search(hunt: Hunt) -> Found:
    """Rank every token by its unexplained denoiser effect."""
    swept = swept_tokens(hunt)
    fine = narrowed(hunt, swept)
    size, coarse = len(hunt.vocabulary), f", the best of a coarse one and {BESIDE} others by a finer one" if len(fine) < len(swept) else ""
    return Found(
        candidates=nominated(hunt, fine, partial(swept_effects, hunt), COUNTS, METHOD.name),
        space=f"{len(swept)} of {size} vocabulary tokens, alone, by one denoiser step{coarse}",
        limits=() if len(swept) == size else (f"{size - len(swept)} tokens were not denoised",),
    )


def narrowed(hunt: Hunt, swept: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Of these places in the vocabulary the best by a coarse sweep of the first prompt, and some drawn at random."""
    side = hunt.bench.reference.shape.side
    if coarse_side(side) == search_side(side) or len(swept) <= FINE + BESIDE:
        return swept
    scores = coarse_scores(hunt, contexts_of(hunt)[0], hunt.vocabulary.ids[swept])
    drawn = np.random.default_rng(hunt.settings.seed).choice(len(swept), size=BESIDE, replace=False)
    return swept[np.unique(np.concatenate([np.argsort(-scores)[:FINE], drawn]))]


def coarse_scores(hunt: Hunt, context: Context, tokens: IntArray) -> Scores:
    """Norm of the unexplained effect of each token (n,), or token string (n, k), relative to its meaning to the base: (n,)."""
    return swept_effects(hunt, context, tokens, side=coarse_side(hunt.bench.reference.shape.side)).scores()


def swept_effects(hunt: Hunt, context: Context, tokens: IntArray, *, side: int | None = None) -> Effects:
    """What each token (n,), or token string (n, k), does in a context."""
    effects, base = token_effects(hunt, np.concatenate([context.filled(tokens), context.ids[None, :]]), side=side)
    left = unexplained(effects[:-1], declared_effects(hunt, context, side=side))
    meaning = np.linalg.norm(base[:-1] - base[-1], axis=1)
    return Effects(left=left, meaning=meaning + FLOOR * float(np.median(meaning)))


METHOD = Method(name="denoiser divergence", applies=lambda _: "", search=search, order=1, worth=5 / 42)
