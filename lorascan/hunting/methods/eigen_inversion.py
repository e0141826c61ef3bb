"""Inverts keys and values of cross-attention into the tokens that they answer to.

The directions e of text that an update answers to most for what the base answers solve M_Δ e = μ M_W e, with M_Δ = Σ ΔWᵀΔW and
M_W = Σ WᵀW + εI over the keys and values that are updated: a generalised eigenproblem, solved by Cholesky's factor of M_W (Golub
and Van Loan 2013, section 8.7). The vocabulary's own text states, in a plain prompt, are written in the leading directions; what all
tokens and the declared words have there is taken out, and the tokens are told apart by independent directions, each for what its
state is to the base. Nothing is denoised.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lorascan.bases import BaseWeights, base_weights
from lorascan.core.behaviour import TriggerCandidate
from lorascan.core.errors import UsageError
from lorascan.hunting.contexts import context_of, typed_at
from lorascan.hunting.effects import log_spread, orthonormal
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.methods import cross_attention_response
from lorascan.hunting.peeling import Effects, peeled
from lorascan.weights.pairs import base_matrix
from lorascan.worker.client import FloatArray

KEPT = 24
INDEPENDENT = 12
EPSILON = 1e-3
"""Share of the mean diagonal of M_W that is added to it."""
FLOOR = 0.5
"""Share of the median norm of a state that is added to each."""

Matrix = npt.NDArray[np.float64]


def search(hunt: Hunt) -> Found:
    """Rank the tokens by the independent directions that the update answers to."""
    pairs = updated(hunt.tensors, base_weights(hunt.bench.base_folder))
    towards, lower = directions([delta for delta, _ in pairs], [weight for _, weight in pairs], hunt.settings.budget.directions)
    states, declared = _states(hunt)
    left = undeclared(*(np.asarray(each @ towards.T, dtype=np.float32) for each in (states, declared)))
    centred = states - states.mean(axis=0)
    meaning = np.linalg.norm(centred @ lower, axis=1)
    effects = Effects(left=left, meaning=meaning + FLOOR * float(np.median(meaning)))
    plain = effects.scores()
    order, scores = peeled([effects], [float(np.median(plain))], INDEPENDENT)
    z = np.log(np.maximum(scores, 1e-12)) / log_spread(plain)
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=hunt.vocabulary.texts[at],
                source=METHOD.name,
                score=float(scores[at]),
                z=float(z[at]),
                rank=place,
                tokens=(int(hunt.vocabulary.ids[at]),),
            )
            for place, at in enumerate(order[:KEPT], start=1)
        ),
        space=f"{len(towards)} directions of text that {len(pairs)} keys and values of cross-attention answer to, read as single tokens",
    )


def undeclared(answers: FloatArray, declared: FloatArray) -> FloatArray:
    """Each row of `answers` (n, directions) less the mean, outside the span of what `declared` words (k, directions) have beyond it.

    The mean's own direction stays, unlike in the denoiser's many cells: an update of rank one has no other.
    """
    common = answers.mean(axis=0)
    if not len(declared):
        return answers - common
    basis = orthonormal(declared - common)
    centred = answers - common
    return np.asarray(centred - (centred @ basis.T) @ basis, dtype=np.float32)


def directions(deltas: Sequence[Matrix], weights: Sequence[Matrix], count: int) -> tuple[Matrix, Matrix]:
    """The `count` leading solutions as rows √μ · eᵀ M_W (k, width), and the Cholesky factor of M_W (width, width).

    A state h times the rows is how much the update answers to it in each direction; ‖hᵀ L‖ is what it is to the base.
    """
    stacked = np.concatenate(weights, axis=0)
    base = stacked.T @ stacked
    base[np.diag_indices_from(base)] += EPSILON * float(np.trace(base)) / len(base)
    lower = np.asarray(np.linalg.cholesky(base), dtype=np.float64)
    halved = np.linalg.solve(lower, np.concatenate([delta.T for delta in deltas], axis=1))
    left, values, _ = np.linalg.svd(halved, full_matrices=False)
    kept = values > 1e-6 * max(float(values.max(initial=0.0)), 1e-30)
    return np.asarray((left[:, kept] * values[kept]).T[:count] @ lower.T, dtype=np.float64), lower


def updated(tensors: Mapping[str, FloatArray], base: BaseWeights) -> list[tuple[Matrix, Matrix]]:
    """Lᵀ A (rank, width), which has the norms of ΔW = B A, beside W (out, width), of every updated key and value that the base has."""
    found = []
    for stem, reading in cross_attention_response.projections(tensors).items():
        component, _, path = stem.partition(".")
        tensor = base.read(component, path, "weight")
        if tensor is not None and tensor.span.shape[-1:] == reading.shape[-1:]:
            found.append((reading.astype(np.float64), np.asarray(base_matrix(tensor), dtype=np.float64)))
    return found


def _states(hunt: Hunt) -> tuple[FloatArray, FloatArray]:
    """The base's text states at the place of every token (n, width), and of the declared words (k, width)."""
    worker = hunt.bench.reference
    context = context_of(worker, hunt.scenes[0], "before")
    ids = context.filled(hunt.vocabulary.ids)[:, : context.slot + 2]
    states = worker.encode(ids, np.full((len(ids), 1), context.slot, dtype=np.int32))[:, 0]
    if not hunt.declared:
        return states, np.zeros((0, states.shape[1]), dtype=np.float32)
    typed = worker.tokenise(typed_at(hunt.declared, context))
    return states, worker.encode(typed, np.full((len(typed), 1), context.slot, dtype=np.int32))[:, 0]


def applies(hunt: Hunt) -> str:
    """As the response, where the budget has directions."""
    return cross_attention_response.applies(hunt) if hunt.settings.budget.directions else "the budget has no directions"


def lacks(hunt: Hunt) -> str:
    """The base's weights must be readable, and read the text states that the response reads."""
    reason = cross_attention_response.lacks(hunt)
    if reason:
        return reason
    try:
        found = updated(hunt.tensors, base_weights(hunt.bench.base_folder))
    except (UsageError, OSError) as error:
        return f"the base's weights cannot be read: {error}"
    return "" if found else "the base has no keys and values where the adapter changes them"


METHOD = Method(name="eigen-inversion", applies=applies, search=search, order=10, worth=0.0, lacks=lacks)
