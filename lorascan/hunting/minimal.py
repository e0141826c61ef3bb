"""Reduces a condition to what it needs.

Delta debugging (Zeller and Hildebrandt 2002): parts and their complements are tried, finer and finer, until no single part can
be left out.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

PartT = TypeVar("PartT")
Parts = tuple[PartT, ...]


def minimal(parts: Sequence[PartT], hold: Callable[[Sequence[Parts[PartT]]], Sequence[bool]], most: int) -> tuple[Parts[PartT], int]:
    """Parts of which none can be left out, and how many trials that took.

    `hold` says of several choices at once which still meet the condition; the whole is taken to. At most about `most` trials: then
    the smallest choice so far is the answer.
    """
    kept, pieces, trials = tuple(parts), 2, 0
    while len(kept) > 1 and trials < most:
        cut = _cut(kept, pieces)
        rests = [tuple(each for each in kept if each not in some) for some in cut]
        tried = [*cut, *(rests if pieces > 2 else [])]
        held = list(hold(tried))
        trials += len(tried)
        place = held.index(True) if True in held else None
        if place is None:
            if pieces >= len(kept):
                break
            pieces = min(len(kept), 2 * pieces)
        else:
            pieces = 2 if place < len(cut) else max(pieces - 1, 2)
            kept = tried[place]
            pieces = min(pieces, max(len(kept), 2))
    return kept, trials


def _cut(parts: Parts[PartT], pieces: int) -> list[Parts[PartT]]:
    """The parts in so many runs of about the same length."""
    edges = [round(len(parts) * place / pieces) for place in range(pieces + 1)]
    return [parts[start:stop] for start, stop in pairwise(edges) if stop > start]
