"""Sweeps the vocabulary by the drift of text-encoder states.

D(t) = h′ − h, the text-encoder states with and without the adapter, at the token's own position, at the last word
after it, and at the end-of-text token, for every token t in a plain prompt. As in the denoiser sweep, the drift that
all tokens share and the drift of declared words is taken out; what remains is divided by the norm of the state.
"""

import numpy as np
import numpy.typing as npt

from lorascan.hunting.contexts import Context, context_of, first_end, typed_at
from lorascan.hunting.effects import unexplained
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.ranking import best_tokens
from lorascan.worker.client import IntArray, Worker

KEPT = 32


def search(hunt: Hunt) -> Found:
    """Rank every token by the largest of its three unexplained drifts."""
    return Found(
        candidates=best_tokens(hunt.vocabulary, token_scores(hunt), METHOD.name, KEPT),
        space=f"every one of {len(hunt.vocabulary)} vocabulary tokens, alone, by text-encoder drift at three positions",
    )


def token_scores(hunt: Hunt) -> npt.NDArray[np.float64]:
    """Each token's largest relative unexplained drift over positions, in the first search prompt: (tokens,)."""
    context = context_of(hunt.bench.reference, hunt.scenes[0], "before")
    ids = context.filled(hunt.vocabulary.ids)[:, : context.end + 2]
    places = np.array([context.slot, context.end, context.end + 1], dtype=np.int32)
    base, drift = _drift(hunt, ids, np.repeat(places[None, :], len(ids), axis=0))
    _, known = _drift(hunt, *_declared_rows(hunt.bench.reference, hunt.declared, context))
    by_place = [
        np.linalg.norm(unexplained(drift[:, at], known[:, at]), axis=1) / np.linalg.norm(base[:, at], axis=1) for at in range(len(places))
    ]
    return np.max(np.stack(by_place), axis=0).astype(np.float64)


def _drift(hunt: Hunt, ids: IntArray, positions: IntArray) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if len(ids) == 0:
        width = hunt.bench.reference.shape.text_width
        empty = np.zeros((0, positions.shape[1], width), dtype=np.float32)
        return empty, empty
    base, adapted = hunt.bench.both(lambda worker: worker.encode(ids, positions))
    return base, adapted - base


def _declared_rows(worker: Worker, declared: tuple[str, ...], context: Context) -> tuple[IntArray, IntArray]:
    if not declared:
        return np.zeros((0, worker.shape.context), np.int32), np.zeros((0, 3), np.int32)
    ids = worker.tokenise(typed_at(declared, context))
    ends = [first_end(row) for row in ids]
    return ids, np.array([[min(context.slot, end), end - 1, end] for end in ends], dtype=np.int32)


def applies(hunt: Hunt) -> str:
    """Only an adapter of the text encoder drifts its states."""
    return (
        ""
        if any(name.startswith("text_encoder") for name in hunt.adapter.facts.components)
        else "the adapter leaves the text encoder alone"
    )


def lacks(hunt: Hunt) -> str:
    """A language model that reads a chat has no states at a token's place in the prompt."""
    return "" if hunt.bench.reference.shape.text_width else "the text encoder of this base has no states by token of a prompt"


METHOD = Method(name="text-encoder drift", applies=applies, search=search, order=3, worth=2 / 3.4, lacks=lacks)
