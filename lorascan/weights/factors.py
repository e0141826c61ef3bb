"""Streams factors, and products that are never formed whole, in float64."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lorascan.core.adapter import TensorSpan
from lorascan.weights.decode import Matrix, Raw, raw, to_float64, unit

BLOCK = 2**18
"""Entries decoded at a time: 2 MiB as float64, which a second-level cache holds until the product has used them."""


class Tall(Protocol):
    """A matrix of shape (length, rank), read by rows; the numbers that are meant are those read times `unit`."""

    @property
    def unit(self) -> float:
        """A power of two."""

    @property
    def length(self) -> int:
        """Rows."""

    @property
    def rank(self) -> int:
        """Columns."""

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop in float64."""


def blocks(tall: Tall, entries: int = BLOCK) -> Iterator[Matrix]:
    """Consecutive rows, at most `entries` of them at a time but at least one row."""
    length, step = tall.length, max(1, entries // max(1, tall.rank))
    for start in range(0, length, step):
        yield tall.rows(start, min(start + step, length))


def whole(tall: Tall) -> Matrix:
    """The whole matrix, (length, rank)."""
    return np.concatenate(list(blocks(tall)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A stored matrix: B itself, or A transposed. `codes` are its stored codes, `shrink` a power of two."""

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

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop in float64."""
        block = to_float64(self.codes[start:stop], self.dtype)
        return block if self.shrink == 1.0 else block * self.shrink


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceProduct:
    """Row by row the outer product of two matrices' rows: (length, rank₁·rank₂).

    With it a Hadamard product of two products is one product: (A₁B₁) ∘ (A₂B₂) = face(A₁, A₂) · face(B₁ᵀ, B₂ᵀ)ᵀ (Slyusar
    1996, the transposed Khatri–Rao product).
    """

    left: Tall
    right: Tall

    @property
    def unit(self) -> float:
        """The product of the two."""
        return self.left.unit * self.right.unit

    @property
    def length(self) -> int:
        """Rows of either."""
        return self.left.length

    @property
    def rank(self) -> int:
        """The product of the two."""
        return self.left.rank * self.right.rank

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop in float64."""
        left, right = self.left.rows(start, stop), self.right.rows(start, stop)
        return (left[:, :, None] * right[:, None, :]).reshape(stop - start, self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreProduct:
    """A side of a Tucker update: row (i, k) is Σₙ core[m, n, k] · factor[i, n] for every m.

    `core` is (m, n, kernel) in float64, small; `factor` is (length, n). Rows are those of in × kernel, the kernel inner.
    """

    core: Matrix
    core_unit: float
    factor: Tall

    @property
    def unit(self) -> float:
        """The product of the two."""
        return self.core_unit * self.factor.unit

    @property
    def length(self) -> int:
        """In · kernel."""
        return self.factor.length * int(self.core.shape[2])

    @property
    def rank(self) -> int:
        """M."""
        return int(self.core.shape[0])

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop in float64."""
        kernel = int(self.core.shape[2])
        first, last = start // kernel, -(-stop // kernel)
        product = np.tensordot(self.factor.rows(first, last), self.core, axes=(1, 1))
        return product.transpose(0, 2, 1).reshape(-1, self.rank)[start - first * kernel : stop - first * kernel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hadamard:
    """Rows of (A₁B₁) ∘ (A₂B₂), formed a block at a time. `a` are tall; `b` are whole, (rank, columns) in float64."""

    a: tuple[Tall, Tall]
    b: tuple[Matrix, Matrix]
    unit: float

    @property
    def length(self) -> int:
        """Rows of ΔW."""
        return self.a[0].length

    @property
    def rank(self) -> int:
        """Columns of ΔW."""
        return int(self.b[0].shape[1])

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop in float64."""
        product: Matrix = self.a[0].rows(start, stop) @ self.b[0]
        product *= self.a[1].rows(start, stop) @ self.b[1]
        return product


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRange:
    """Rows start to stop of another matrix: one module's share of a fused one."""

    tall: Tall
    start: int
    stop: int

    @property
    def unit(self) -> float:
        """That of the whole."""
        return self.tall.unit

    @property
    def length(self) -> int:
        """The rows kept."""
        return self.stop - self.start

    @property
    def rank(self) -> int:
        """That of the whole."""
        return self.tall.rank

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop of the kept ones, in float64."""
        return self.tall.rows(self.start + start, self.start + stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """A matrix that is at hand in float64."""

    matrix: Matrix
    unit: float

    @property
    def length(self) -> int:
        """Rows."""
        return int(self.matrix.shape[0])

    @property
    def rank(self) -> int:
        """Columns."""
        return int(self.matrix.shape[1])

    def rows(self, start: int, stop: int) -> Matrix:
        """Rows start to stop."""
        return self.matrix[start:stop]


def stored(content: memoryview, span: TensorSpan, largest: float, *, near_one: bool = False) -> Factor:
    """The tensor as (first dimension, the others flattened); `largest` is its largest |entry|.

    float64 numbers are brought near 1 first, so that no square of them overflows or vanishes; with `near_one` those of
    every type are, for products of more than two factors.
    """
    codes = raw(content, span)
    if codes.ndim != 2:
        codes = codes.reshape(span.shape[0] if span.shape else 1, math.prod(span.shape[1:]))
    base = unit(span.dtype)
    if largest == 0.0 or (span.dtype != "F64" and not near_one):
        return Factor(codes=codes, dtype=span.dtype, unit=base, shrink=1.0)
    exponent = min(1000, max(-1000, math.frexp(largest / base)[1]))
    return Factor(codes=codes, dtype=span.dtype, unit=base * 2.0**exponent, shrink=2.0**-exponent)


def turned(factor: Factor) -> Factor:
    """The transposed matrix, without a copy."""
    return Factor(codes=factor.codes.T, dtype=factor.dtype, unit=factor.unit, shrink=factor.shrink)
