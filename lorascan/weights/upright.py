"""Stands a dense matrix on its shorter side."""

from dataclasses import dataclass

import numpy as np

from lorascan.weights.decode import Matrix
from lorascan.weights.factors import Factor, Formed, Hadamard, RowRange, Tall, blocks, turned, whole
from lorascan.weights.operands import Operand


def upright(operand: Operand) -> Operand:
    """The operand; a dense matrix with more columns than rows is transposed, which keeps its singular values."""
    if isinstance(operand, tuple) or operand.rank <= operand.length:
        return operand
    if isinstance(operand, Factor):
        return turned(operand)
    if isinstance(operand, RowRange) and isinstance(operand.tall, Factor):
        kept = operand.tall.codes[operand.start : operand.stop]
        return turned(Factor(codes=kept, dtype=operand.tall.dtype, unit=operand.unit, shrink=operand.tall.shrink))
    if isinstance(operand, Hadamard):
        left, right = (Formed(matrix=each.T, unit=1.0) for each in operand.b)
        return Hadamard(a=(left, right), b=(whole(operand.a[0]).T, whole(operand.a[1]).T), unit=operand.unit)
    return _Gathered(tall=operand)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """The transpose of a wide matrix that can only be read by rows: its short side is gathered once for each block."""

    tall: Tall

    @property
    def unit(self) -> float:
        return self.tall.unit

    @property
    def length(self) -> int:
        return self.tall.rank

    @property
    def rank(self) -> int:
        return self.tall.length

    def rows(self, start: int, stop: int) -> Matrix:
        return np.concatenate([block[:, start:stop] for block in blocks(self.tall)]).T
