"""Measures the entries of ΔW: row and column norms, the largest, the kurtosis."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lorascan.core.updates import Update
from lorascan.weights.decode import Matrix
from lorascan.weights.factors import Tall, blocks
from lorascan.weights.operands import Operand, Source, dense, operands
from lorascan.weights.spectra import gram

WORK = 2e11
"""Multiplications spent on the entries of one file: some ten seconds of one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Of ΔW: the norm of every row and column, max |entry|, and the kurtosis m₄/m₂² (3 for a Gaussian; NaN for zeros).

    `largest` and `kurtosis` are None where the budget did not reach.
    """

    rows: Matrix
    columns: Matrix
    largest: float | None
    kurtosis: float | None


class Budget:
    """Multiplications left for the entries of one file."""

    def __init__(self, work: float = WORK) -> None:
        """Start with `work` multiplications."""
        self.left = work

    def take(self, work: float) -> bool:
        """Whether this much is left; it is spent then."""
        if work > self.left:
            return False
        self.left -= work
        return True


def entries(update: Update, content: memoryview, largest: Mapping[str, float], budget: Budget) -> Entries:
    """Exact for every kind whose ΔW is a function of the file alone; raises TypeError for the others.

    Norms of a product come from Gram matrices: ‖row i‖² = bᵢ·(A·Aᵀ)·bᵢᵀ. Largest entry and moments need every entry: they
    are formed a block at a time while the budget lasts. LoKr's norms are the outer products of its sides'.
    """
    parts = operands(update, Source(content=content, largest=largest))
    sides = [_norms(each) for each in parts]
    gain = abs(update.scaling)
    rows, columns = sides[0] if len(sides) == 1 else (np.kron(sides[0][0], sides[1][0]), np.kron(sides[0][1], sides[1][1]))
    found = [_moments(each) for each in parts] if budget.take(sum(_work(each) for each in parts)) else []
    if not found:
        return Entries(rows=rows * gain, columns=columns * gain, largest=None, kurtosis=None)
    top, second, fourth = (float(np.prod([each[index] for each in found])) for index in range(3))
    return Entries(rows=rows * gain, columns=columns * gain, largest=top * gain, kurtosis=fourth / second**2 if second else float("nan"))


def _work(operand: Operand) -> float:
    if isinstance(operand, tuple):
        down, up = operand
        return float(down.length) * up.length * down.rank
    return float(operand.length) * operand.rank * 8


def _norms(operand: Operand) -> tuple[Matrix, Matrix]:
    """The norms of the rows and of the columns of a product or of a dense matrix."""
    if isinstance(operand, tuple):
        down, up = operand
        unit = down.unit * up.unit
        return _through(up, gram(down)) * unit, _through(down, gram(up)) * unit
    rows = [np.sqrt((block**2).sum(axis=1)) for block in blocks(operand)]
    columns = np.zeros(operand.rank)
    for block in blocks(operand):
        columns += (block**2).sum(axis=0)
    return np.concatenate(rows) * operand.unit, np.sqrt(columns) * operand.unit


def _through(tall: Tall, inner: Matrix) -> Matrix:
    """√(xᵢ · G · xᵢᵀ) for every row xᵢ."""
    return np.concatenate([np.sqrt(np.maximum(((block @ inner) * block).sum(axis=1), 0.0)) for block in blocks(tall)])


def _moments(operand: Operand) -> tuple[float, float, float]:
    """Max |x|, mean x² and mean x⁴, formed a block of rows at a time. Kurtosis is about 0: an update has no mean."""
    tall = dense(operand)
    top = second = fourth = 0.0
    for block in blocks(tall):
        squares = block**2
        top = max(top, float(np.abs(block).max(initial=0.0)))
        second += float(squares.sum())
        fourth += float((squares**2).sum())
    count = max(1, tall.length * tall.rank)
    return top * tall.unit, second / count * tall.unit**2, fourth / count * tall.unit**4
