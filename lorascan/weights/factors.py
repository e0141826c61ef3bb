"""Streams the factors of an update in float64."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lorascan.core.adapter import LowRankUpdate, TensorSpan
from lorascan.weights.decode import Matrix, Raw, raw, to_float64, unit

BLOCK = 2**20
"""Entries decoded at a time: 8 MiB as float64, and as much again for the product that uses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A factor as a tall matrix of shape (length, rank): B itself, or A transposed.

    `codes` are its stored codes; the numbers that are meant are the decoded ones times `unit`.
    """

    codes: Raw
    dtype: str
    unit: float
    shrink: float

    @property
    def length(self) -> int:
        """Rows: the outputs or the flattened inputs of the module."""
        return int(self.codes.shape[0])

    @property
    def rank(self) -> int:
        """Columns."""
        return int(self.codes.shape[1])

    def blocks(self) -> Iterator[Matrix]:
        """Consecutive rows as float64, at most BLOCK entries at a time but at least one row."""
        rows = max(1, BLOCK // self.rank)
        for start in range(0, self.length, rows):
            block = to_float64(self.codes[start : start + rows], self.dtype)
            yield block if self.shrink == 1.0 else block * self.shrink

    def whole(self) -> Matrix:
        """The whole matrix, (length, rank)."""
        return np.concatenate(list(self.blocks()))


def factors(update: LowRankUpdate, content: memoryview, largest: tuple[float, float]) -> tuple[Factor, Factor]:
    """Down (transposed) and up of an update; `largest` are their largest |entry|, as surveyed."""
    rank = update.rank
    down = raw(content, update.down).reshape(rank, -1).T
    up = raw(content, update.up).reshape(-1, rank)
    return _factor(down, update.down, largest[0]), _factor(up, update.up, largest[1])


def _factor(codes: Raw, span: TensorSpan, largest: float) -> Factor:
    """float64 numbers are brought near 1 first, so that no square of them overflows or vanishes."""
    if span.dtype != "F64" or largest == 0.0:
        return Factor(codes=codes, dtype=span.dtype, unit=unit(span.dtype), shrink=1.0)
    exponent = min(1000, max(-1000, math.frexp(largest)[1]))
    return Factor(codes=codes, dtype=span.dtype, unit=2.0**exponent, shrink=2.0**-exponent)
