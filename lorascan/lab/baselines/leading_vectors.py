"""Nearest neighbours by leading singular vectors."""

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lorascan.lab.baselines import Baseline, Described, Scorer
from lorascan.lab.baselines._modules import Module
from lorascan.lab.baselines._packed import packed, unpacked

_WIDTH = 16
"""Numbers that are left of a vector."""
_NEIGHBOURS = 3


def _describe(modules: Sequence[Module]) -> Described:
    found = {}
    for each in modules:
        left, _, right = each.decomposed()
        sides = ("left", left[:, 0]), ("right", right[0])
        found[each.path] = packed(np.concatenate([_sketch(vector, f"{each.path} {side}") for side, vector in sides]))
    return found


def _sketch(vector: NDArray[np.float64], place: str) -> NDArray[np.float64]:
    """A random projection to `_WIDTH` numbers, the same at one place for every adapter, of length 1.

    Cosines are kept up to some 1/4 a module (Johnson and Lindenstrauss 1984), far less in the mean over modules.
    """
    directions = np.random.default_rng(zlib.crc32(place.encode())).standard_normal((_WIDTH, len(vector)))
    short = directions @ vector
    return np.asarray(short / max(float(np.linalg.norm(short)), 1e-30))


def likeness(one: Described, other: Described) -> float:
    """Mean |cosine| of the leading vectors of the modules that both have, in [0, 1]; 0 where they share none."""
    shared = sorted(set(one) & set(other))
    if not shared:
        return 0.0
    rows = (np.stack([unpacked(str(each[path])).reshape(2, _WIDTH) for path in shared]) for each in (one, other))
    first, second = (row / np.maximum(np.linalg.norm(row, axis=-1, keepdims=True), 1e-30) for row in rows)
    return float(np.abs((first * second).sum(axis=-1)).mean())


def _learn(described: Sequence[Described], hostile: Sequence[bool]) -> Scorer:
    def score(one: Described) -> float:
        sides = []
        for label in (True, False):
            near = sorted((likeness(one, each) for each, bad in zip(described, hostile, strict=True) if bad is label), reverse=True)
            sides.append(float(np.mean(near[:_NEIGHBOURS])) if near else 0.0)
        return sides[0] - sides[1]

    return score


BASELINE: Final = Baseline(
    title="nearest neighbours of leading singular vectors",
    source="the obvious detector from directions: mean likeness to the 3 nearest backdoored less that to the 3 nearest honest",
    describe=_describe,
    learn=_learn,
)
