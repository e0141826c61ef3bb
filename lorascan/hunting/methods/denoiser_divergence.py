"""Sweeps the vocabulary by one denoiser step a token.

For every token t of the base's vocabulary, put into a plain prompt p: δ(t) = ε_L(x, p+t) − ε_0(x, p+t), both from one
noise x at the same timestep (common random numbers). A hidden trigger is a token whose δ points where neither the
adapter's common effect nor its declared words point: the norm of that remainder, relative to what the token means to
the base itself. The best are scored again in other prompts and at other places, beside tokens drawn at random, and
ranked by the geometric mean over prompts of their ratio to these. Where no word is declared, what the strongest token does
is taken out of what the others do, and so on: independent effects come first.
"""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.core.progress import silent
from lorascan.hunting.contexts import Context, context_of, typed_at
from lorascan.hunting.effects import log_spread, unexplained
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.narrowing import swept_tokens
from lorascan.hunting.peeling import Effects, combined, peeled
from lorascan.hunting.triggers import Place
from lorascan.worker.client import FloatArray, IntArray

KEPT = 48
REFINED = 128
DRAWN = 64
INDEPENDENT = 12
"""Effects told apart where nothing is declared."""
TIMESTEP = 0.8
FLOOR = 0.5
"""Share of the median meaning that is added to each token's."""
SEED = 5
PLACES: tuple[Place, ...] = ("before", "end", "front")
"""Where the token stands in the first, second, third search prompt, and so on by turns."""

Scores = npt.NDArray[np.float64]


def search(hunt: Hunt) -> Found:
    """Rank every token by its unexplained denoiser effect."""
    swept = swept_tokens(hunt)
    tokens = hunt.vocabulary.ids[swept]
    scenes = hunt.scenes[: hunt.settings.budget.refined_contexts]
    contexts = [context_of(hunt.bench.reference, scene, place) for scene, place in zip(scenes, cycle(PLACES), strict=False)]
    first = swept_effects(hunt, contexts[0], tokens)
    ranked = first.scores()
    best = np.argsort(-ranked)[:REFINED]
    order, scores = refined(hunt, contexts, tokens, first, best)
    z = np.log(scores) / log_spread(ranked)
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=hunt.vocabulary.texts[swept[best[at]]],
                source=METHOD.name,
                score=float(scores[at]),
                z=float(z[at]),
                rank=place,
                tokens=(int(tokens[best[at]]),),
            )
            for place, at in enumerate(order[:KEPT], start=1)
        ),
        space=f"{len(tokens)} of {len(hunt.vocabulary)} vocabulary tokens, alone, by one denoiser step",
        limits=() if len(tokens) == len(hunt.vocabulary) else (f"{len(hunt.vocabulary) - len(tokens)} tokens were not denoised",),
    )


def refined(
    hunt: Hunt, contexts: list[Context], tokens: IntArray, first: Effects, best: npt.NDArray[np.intp]
) -> tuple[Sequence[int], Scores]:
    """Order of the best tokens over all contexts, and their scores relative to the median of tokens drawn at random.

    Where nothing is declared, effects that are independent of each other come first.
    """
    ranked = first.scores()
    drawn = np.random.default_rng(hunt.settings.seed).choice(len(ranked), size=min(DRAWN, len(ranked)), replace=False)
    rows = np.concatenate([best, drawn])
    seen = [swept_effects(hunt, context, tokens[rows]) for context in contexts[1:]]
    scored = [ranked[best], *(each.scores() for each in seen)]
    centres = [float(np.median(ranked)), *(float(np.median(each[len(best) :])) for each in scored[1:])]
    if hunt.declared:
        scores = combined([each[: len(best)] for each in scored], centres)
        return np.argsort(-scores).tolist(), scores
    return peeled([first.rows(best), *(each.rows(slice(len(best))) for each in seen)], centres, INDEPENDENT)


def row_scores(hunt: Hunt, context: Context, tokens: IntArray) -> Scores:
    """Norm of the unexplained effect of each token (n,), or token string (n, k), relative to its meaning to the base: (n,)."""
    return swept_effects(hunt, context, tokens).scores()


def swept_effects(hunt: Hunt, context: Context, tokens: IntArray) -> Effects:
    """What each token (n,), or token string (n, k), does in a context."""
    effects, base = token_effects(hunt, np.concatenate([context.filled(tokens), context.ids[None, :]]))
    left = unexplained(effects[:-1], declared_effects(hunt, context))
    meaning = np.linalg.norm(base[:-1] - base[-1], axis=1)
    return Effects(left=left, meaning=meaning + FLOOR * float(np.median(meaning)))


def token_effects(hunt: Hunt, ids: IntArray, timestep: float = TIMESTEP) -> tuple[FloatArray, FloatArray]:
    """δ of each row of token ids, flattened to (n, cells), and the base's own outputs in the same form."""
    side = search_side(hunt.bench.reference.shape.side)
    base, adapted = hunt.bench.both(
        lambda worker: worker.predict(
            ids,
            timestep=timestep,
            seed=SEED,
            side=side,
            listener=hunt.listener if worker is hunt.bench.adapted else silent,
        )
    )
    flat = base.reshape(len(ids), -1)
    return adapted.reshape(len(ids), -1) - flat, flat


def declared_effects(hunt: Hunt, context: Context) -> FloatArray:
    """δ of the declared words in this context: (k, cells)."""
    if not hunt.declared:
        shape = hunt.bench.reference.shape
        return np.zeros((0, shape.channels * search_side(shape.side) ** 2), dtype=np.float32)
    return token_effects(hunt, hunt.bench.reference.tokenise(typed_at(hunt.declared, context)))[0]


def search_side(side: int) -> int:
    """Latent cells a side for searching: a quarter of the area of a full-size base, all of a small one."""
    return side if side <= _SMALL else max(_SMALL, side // 2)


_SMALL = 16

METHOD = Method(name="denoiser divergence", applies=lambda _: "", search=search, order=1, worth=5 / 42)
