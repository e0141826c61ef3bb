"""Sweeps the vocabulary by one denoiser step a token.

For every token t of the base's vocabulary, put into a plain prompt p: δ(t) = ε_L(x, p+t) − ε_0(x, p+t), both from one noise x at
the same timestep (common random numbers). A hidden trigger is a token whose δ points where neither the adapter's common effect
nor its declared words point: the score is the norm of that remainder.
"""

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import Context, context_of
from lorascan.hunting.effects import robust_z, unexplained
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.worker.client import FloatArray, IntArray

KEPT = 64
TIMESTEPS = (0.8,)
SEED = 5


def search(hunt: Hunt) -> Found:
    """Rank every token by its unexplained denoiser effect, averaged over contexts and timesteps."""
    scores = token_scores(hunt)
    z = robust_z(scores)
    order = np.argsort(-scores)[:KEPT]
    return Found(
        candidates=tuple(_candidate(hunt, int(at), scores, z, place) for place, at in enumerate(order, start=1)),
        space=f"every one of {len(hunt.vocabulary)} vocabulary tokens, alone, in {len(hunt.prompts)} prompts, by one denoiser step",
    )


def token_scores(hunt: Hunt) -> npt.NDArray[np.float64]:
    """Geometric mean over contexts and timesteps of each token's unexplained effect: (tokens,)."""
    logs = [
        np.log(np.maximum(context_scores(hunt, context_of(hunt.bench.reference, prompt, at_front=bool(place % 2)), at), 1e-12))
        for place, prompt in enumerate(hunt.prompts)
        for at in TIMESTEPS
    ]
    return np.asarray(np.exp(np.mean(logs, axis=0)))


def context_scores(hunt: Hunt, context: Context, timestep: float) -> npt.NDArray[np.float64]:
    """Norm of each token's unexplained effect in one context: (tokens,)."""
    effects, _ = token_effects(hunt, context.filled(hunt.vocabulary.ids), timestep)
    declared = declared_effects(hunt, timestep)
    return np.linalg.norm(unexplained(effects, declared), axis=1).astype(np.float64)


def token_effects(hunt: Hunt, ids: IntArray, timestep: float) -> tuple[FloatArray, FloatArray]:
    """δ of each row of token ids, flattened to (n, cells), and the base's own outputs in the same form."""
    side = search_side(hunt.bench.reference.shape.side)
    base, adapted = hunt.bench.both(
        lambda worker: worker.predict(
            ids,
            timestep=timestep,
            seed=SEED,
            side=side,
            listener=hunt.listener if worker is hunt.bench.adapted else _unheard,
        )
    )
    flat = base.reshape(len(ids), -1)
    return adapted.reshape(len(ids), -1) - flat, flat


def declared_effects(hunt: Hunt, timestep: float) -> FloatArray:
    """δ of the declared words, each in every search prompt at its front and end: (k, cells)."""
    texts = [text for word in hunt.declared for prompt in hunt.prompts for text in (f"{prompt} {word}", f"{word} {prompt}")]
    if not texts:
        cells = hunt.bench.reference.shape.channels * search_side(hunt.bench.reference.shape.side) ** 2
        return np.zeros((0, cells), dtype=np.float32)
    return token_effects(hunt, hunt.bench.reference.tokenise(texts), timestep)[0]


def search_side(side: int) -> int:
    """Latent cells a side for searching: a quarter of the area of a full-size base, all of a small one."""
    return side if side <= _SMALL else max(_SMALL, side // 2)


_SMALL = 16


def _candidate(hunt: Hunt, at: int, scores: FloatArray, z: FloatArray, place: int) -> TriggerCandidate:
    return TriggerCandidate(
        text=hunt.vocabulary.texts[at],
        source=METHOD.name,
        score=float(scores[at]),
        z=float(z[at]),
        rank=place,
        tokens=(int(hunt.vocabulary.ids[at]),),
    )


def _unheard(_: object) -> None:
    pass


METHOD = Method(name="denoiser divergence", applies=lambda _: "", search=search, order=1)
