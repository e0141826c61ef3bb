"""Sweeps the vocabulary by what two adapters do only together.

For every token t, put into a plain prompt p: ι(t) = ε_AB(x, p+t) − ε_A(x, p+t) − ε_B(x, p+t) + ε_0(x, p+t), all from one noise x at
the same timestep (common random numbers): what both do beyond the sum of what each does. Two adapters that only add up have
ι = 0. Two honest ones interact too, wherever the denoiser is not linear, along the effect that both always have and along what
their declared words do: these directions are taken out. What is left is set against what the token means to the base itself, and
the best are scored again in other prompts and at other places beside tokens drawn at random, as for one adapter.
"""

from functools import partial

import numpy as np

from lorascan.core.progress import silent
from lorascan.hunting.contexts import Context, typed_at
from lorascan.hunting.denoised import FLOOR, SEED, TIMESTEP, search_side
from lorascan.hunting.effects import unexplained
from lorascan.hunting.method import OTHER_SCALES, Found, Hunt, Method
from lorascan.hunting.narrowing import swept_tokens
from lorascan.hunting.peeling import Effects
from lorascan.hunting.refined import Counts, nominated
from lorascan.worker.client import FloatArray, IntArray, Worker

COUNTS = Counts(refined=96, drawn=48, kept=24, independent=6)


def search(hunt: Hunt) -> Found:
    """Rank every token by its unexplained interaction."""
    swept = swept_tokens(hunt)
    return Found(
        candidates=nominated(hunt, swept, partial(interactions, hunt), COUNTS, METHOD.name),
        space=f"{len(swept)} of {len(hunt.vocabulary)} vocabulary tokens, alone, by what both adapters do only together",
    )


def interactions(hunt: Hunt, context: Context, tokens: IntArray) -> Effects:
    """The unexplained interaction of each token (n,) in a context, and the token's meaning to the base."""
    beyond, _, base = _together(hunt, np.concatenate([context.filled(tokens), context.ids[None, :]]))
    meaning = np.linalg.norm(base[:-1] - base[-1], axis=1)
    left = unexplained(beyond[:-1], _declared(hunt, context, beyond.shape[1]))
    return Effects(left=left, meaning=meaning + FLOOR * float(np.median(meaning)))


def _declared(hunt: Hunt, context: Context, cells: int) -> FloatArray:
    """What the declared words do by the interaction, and what they do under both: (k, cells)."""
    if not hunt.declared:
        return np.zeros((0, cells), dtype=np.float32)
    beyond, effects, _ = _together(hunt, hunt.bench.reference.tokenise(typed_at(hunt.declared, context)))
    return np.concatenate([beyond, effects])


def _together(hunt: Hunt, ids: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The interaction of rows of token ids, the effect of both adapters, and the base's own outputs: (rows, cells) each.

    Rows are asked for as the sweep for one adapter asks for them, so that what is recalled is not computed again.
    """
    base, both, first, second = _answers(hunt, ids)
    return both - first - second + base, both - base, base


def _answers(hunt: Hunt, ids: IntArray) -> list[FloatArray]:
    """ε of rows of token ids by the base, by both adapters, by the first and by the second alone: (rows, cells) each."""
    bench = hunt.bench
    side = search_side(bench.reference.shape.side)

    def asked(worker: Worker) -> FloatArray:
        listener = hunt.listener if worker is bench.adapted else silent
        return worker.predict(ids, timestep=TIMESTEP, seed=SEED, side=side, listener=listener).reshape(len(ids), -1)

    base, both = bench.both(asked)
    return [base, both, *(asked(each) for each in bench.alone)]


THIRD = "activators at scales other than 1, but for the words whose dose-response is drawn, or only together with a third adapter"

METHOD = Method(
    name="pair interaction",
    applies=lambda hunt: "" if len(hunt.bench.alone) == 2 else "one adapter",
    search=search,
    order=6,
    worth=2.0,  # before all others: a pair is audited for this
    leaves=((OTHER_SCALES, THIRD),),
)
