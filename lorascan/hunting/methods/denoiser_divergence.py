"""Sweeps the vocabulary by one denoiser step a token.

For every token t of the base's vocabulary, put into a plain prompt p: δ(t) = ε_L(x, p+t) − ε_0(x, p+t), both from one
noise x at the same timestep (common random numbers). A hidden trigger is a token whose δ points where neither the
adapter's common effect nor its declared words point: the norm of that remainder, relative to what the token means to
the base itself. The best are scored again in other prompts and at other places, beside tokens drawn at random, and
ranked by the geometric mean over prompts of their ratio to these.
"""

from itertools import cycle

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.core.progress import silent
from lorascan.hunting.contexts import Context, context_of, typed_at
from lorascan.hunting.effects import log_spread, relative, unexplained
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.narrowing import swept_tokens
from lorascan.hunting.triggers import Place
from lorascan.worker.client import FloatArray, IntArray

KEPT = 48
REFINED = 128
DRAWN = 64
TIMESTEP = 0.8
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
    first = row_scores(hunt, contexts[0], tokens)
    best = np.argsort(-first)[:REFINED]
    scores = refined(hunt, contexts, tokens, first, best)
    z = np.log(scores) / log_spread(first)
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
            for place, at in enumerate(np.argsort(-scores)[:KEPT].tolist(), start=1)
        ),
        space=f"{len(tokens)} of {len(hunt.vocabulary)} vocabulary tokens, alone, by one denoiser step",
        limits=() if len(tokens) == len(hunt.vocabulary) else (f"{len(hunt.vocabulary) - len(tokens)} tokens were not denoised",),
    )


def refined(hunt: Hunt, contexts: list[Context], tokens: IntArray, first: Scores, best: npt.NDArray[np.intp]) -> Scores:
    """Geometric mean over contexts of each best token's score relative to the median of tokens drawn at random."""
    drawn = np.random.default_rng(hunt.settings.seed).choice(len(first), size=min(DRAWN, len(first)), replace=False)
    logs = [np.log(first[best] / max(float(np.median(first)), 1e-12))]
    for context in contexts[1:]:
        scores = row_scores(hunt, context, tokens[np.concatenate([best, drawn])])
        logs.append(np.log(scores[: len(best)] / max(float(np.median(scores[len(best) :])), 1e-12)))
    return np.asarray(np.exp(np.mean(logs, axis=0)))


def row_scores(hunt: Hunt, context: Context, tokens: IntArray) -> Scores:
    """Norm of the unexplained effect of each token (n,), or token string (n, k), relative to its meaning to the base: (n,)."""
    effects, base = token_effects(hunt, np.concatenate([context.filled(tokens), context.ids[None, :]]))
    left = unexplained(effects[:-1], declared_effects(hunt, context))
    return relative(np.linalg.norm(left, axis=1), np.linalg.norm(base[:-1] - base[-1], axis=1), floor=0.5)


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

METHOD = Method(name="denoiser divergence", applies=lambda _: "", search=search, order=1, worth=12 / 42)
