"""Sweeps the vocabulary by the response of cross-attention.

ρ(t) = Σ_l ‖ΔW_l e_t‖² over the key and value projections of cross-attention, with e_t the base's own text state at
the token's position in a plain prompt. Nothing is denoised: with ΔW = B A, ‖B A e‖ = ‖Lᵀ A e‖ for BᵀB = L Lᵀ, a
product of rank length. The part that all tokens and the declared words share is taken out first.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lorascan.hunting.contexts import context_of, typed_at
from lorascan.hunting.effects import unexplained
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.ranking import best_tokens
from lorascan.worker.client import FloatArray

KEPT = 24
_CONTEXT_PROJECTIONS = (".attn2.to_k", ".attn2.to_v", ".add_k_proj", ".add_v_proj")


def search(hunt: Hunt) -> Found:
    """Rank every token by its unexplained response."""
    return Found(
        candidates=best_tokens(hunt.vocabulary, token_scores(hunt), METHOD.name, KEPT),
        space=f"every one of {len(hunt.vocabulary)} vocabulary tokens, alone, by the response of cross-attention",
    )


def token_scores(hunt: Hunt) -> npt.NDArray[np.float64]:
    """Norm of each token's unexplained response: (tokens,)."""
    worker = hunt.bench.reference
    context = context_of(worker, hunt.scenes[0], "before")
    ids = context.filled(hunt.vocabulary.ids)[:, : context.slot + 2]
    at = np.full((len(ids), 1), context.slot, dtype=np.int32)
    states = worker.encode(ids, at)[:, 0]
    readings = np.concatenate(list(projections(hunt.tensors).values()), axis=0)
    declared = np.zeros((0, states.shape[1]), dtype=np.float32)
    if hunt.declared:
        typed = worker.tokenise(typed_at(hunt.declared, context))
        declared = worker.encode(typed, np.full((len(typed), 1), context.slot, dtype=np.int32))[:, 0]
    return np.linalg.norm(unexplained(states @ readings.T, declared @ readings.T), axis=1).astype(np.float64)


def projections(tensors: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Lᵀ A (rank, text width) of every key and value projection of cross-attention, by component and module path."""
    found = {}
    for name, down in sorted(tensors.items()):
        stem = name.removesuffix(".lora_A.weight")
        if stem == name or not stem.endswith(_CONTEXT_PROJECTIONS):
            continue
        up = tensors[f"{stem}.lora_B.weight"].astype(np.float64)
        triangle = np.linalg.qr(up, mode="r")
        found[stem] = np.asarray(triangle @ down.astype(np.float64), dtype=np.float32)
    return found


def applies(hunt: Hunt) -> str:
    """Only an adapter of cross-attention's keys or values responds."""
    return "" if projections(hunt.tensors) else "the adapter leaves the keys and values of cross-attention alone"


def lacks(hunt: Hunt) -> str:
    """Text states must be what the projections read: a base that reads a picture's embedding, or another encoder, has none."""
    width = hunt.bench.reference.shape.text_width
    fitting = all(reading.shape[1] == width for reading in projections(hunt.tensors).values())
    return "" if fitting else "the keys and values of this base do not read the text states of its vocabulary, token by token"


METHOD = Method(name="cross-attention response", applies=applies, search=search, order=4, worth=1 / 0.9, lacks=lacks)
