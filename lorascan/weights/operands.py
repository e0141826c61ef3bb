"""Says of what matrices an update's ΔW is made, without forming it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lorascan.core.product_updates import HadamardUpdate, KroneckerUpdate, Side
from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import EmbeddingUpdate, LowRankUpdate, TuckerUpdate, Update
from lorascan.core.whole_updates import FullUpdate
from lorascan.weights.decode import Matrix
from lorascan.weights.factors import CoreProduct, FaceProduct, Factor, Formed, Hadamard, RowRange, Tall, stored, turned, whole

Pair = tuple[Tall, Tall]
"""(Aᵀ, B): ΔW = B·A."""
Operand = Pair | Tall
"""A product of two tall matrices, or a dense one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where numbers come from: the file's bytes, and the largest |entry| of each tensor."""

    content: memoryview
    largest: Mapping[str, float]

    def factor(self, span: TensorSpan, *, near_one: bool = True) -> Factor:
        """The tensor as (first dimension, the others flattened)."""
        return stored(self.content, span, self.largest[span.name], near_one=near_one)


def operands(update: Update, source: Source) -> tuple[Operand, ...]:
    """The matrices whose Kronecker product ΔW/scaling is, flattened: one for every kind but LoKr.

    Rows and columns come in the order of ΔW, LoKr's kernel apart. Raises TypeError for a kind whose ΔW depends on the
    base.
    """
    if isinstance(update, KroneckerUpdate):
        sides = _side(update.w1, source), _side(update.w2, source)
        return sides if update.rows is None else (_sliced(_kronecker(sides, update.stored_shape), update),)
    for kind, make in _MAKERS.items():
        if isinstance(update, kind):
            return (_sliced(make(update, source), update),)
    message = f"the ΔW of {update.kind} is no function of the file alone"
    raise TypeError(message)


def dense(operand: Operand) -> Tall:
    """The operand as one matrix, read by rows."""
    if not isinstance(operand, tuple):
        return operand
    down, up = operand
    return _Product(down=whole(down).T, up=up, unit=down.unit * up.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    """Rows of B·A; `down` is A in float64."""

    down: Matrix
    up: Tall
    unit: float

    @property
    def length(self) -> int:
        return self.up.length

    @property
    def rank(self) -> int:
        return int(self.down.shape[1])

    def rows(self, start: int, stop: int) -> Matrix:
        product: Matrix = self.up.rows(start, stop) @ self.down
        return product


def _low_rank(update: LowRankUpdate, source: Source) -> Operand:
    return turned(source.factor(update.down, near_one=False)), source.factor(update.up, near_one=False)


def _embedding(update: EmbeddingUpdate, source: Source) -> Operand:
    return source.factor(update.up), turned(source.factor(update.down))


def _tucker(update: TuckerUpdate, source: Source) -> Operand:
    return _cored(update.mid, turned(source.factor(update.down)), source), source.factor(update.up)


def _cored(core: TensorSpan, factor: Tall, source: Source) -> CoreProduct:
    """core[m, n, k] · factor[i, n]."""
    middle = source.factor(core)
    shape = core.shape[0], core.shape[1], math.prod(core.shape[2:])
    return CoreProduct(core=middle.rows(0, middle.length).reshape(shape), core_unit=middle.unit, factor=factor)


def _hadamard(update: HadamardUpdate, source: Source) -> Operand:
    ups, downs = _hadamard_sides(update, source)
    rank, (out, flat) = ups[0].rank * ups[1].rank, update.stored_shape
    if rank <= min(out, flat):
        return FaceProduct(left=downs[0], right=downs[1]), FaceProduct(left=ups[0], right=ups[1])
    unit = ups[0].unit * ups[1].unit * downs[0].unit * downs[1].unit
    return Hadamard(a=ups, b=(whole(downs[0]).T, whole(downs[1]).T), unit=unit)


def _hadamard_sides(update: HadamardUpdate, source: Source) -> tuple[tuple[Tall, Tall], tuple[Tall, Tall]]:
    """(A₁, A₂), (B₁ᵀ, B₂ᵀ); a core goes into B."""
    one, two = (update.w1a, update.w1b, update.t1), (update.w2a, update.w2b, update.t2)
    sides = [_factored(a, b, core, source) for a, b, core in (one, two)]
    return (sides[0][1], sides[1][1]), (sides[0][0], sides[1][0])


def _factored(a: TensorSpan, b: TensorSpan, core: TensorSpan | None, source: Source) -> Pair:
    """(Bᵀ, A) of a·b, or of Σ core[i,j,k] · a[i,o] · b[j,n]."""
    left, right = source.factor(a), turned(source.factor(b))
    return (right, left) if core is None else (_cored(core, right, source), turned(left))


def _side(side: Side, source: Source) -> Operand:
    if not isinstance(side, tuple):
        return source.factor(side)
    return _factored(side[0], side[1], side[2] if len(side) > 2 else None, source)


def _kronecker(sides: tuple[Operand, Operand], shape: tuple[int, int]) -> Operand:
    """w1 ⊗ w2: a product where that is of low rank, (B₁A₁) ⊗ (B₂A₂) = (B₁ ⊗ B₂)(A₁ ⊗ A₂), else by rows."""
    (down1, up1), (down2, up2) = _product(sides[0]), _product(sides[1])
    if up1.rank * up2.rank < min(shape):
        return _KroneckerRows(one=down1, two=down2), _KroneckerRows(one=up1, two=up2)
    return _KroneckerRows(one=dense(sides[0]), two=dense(sides[1]))


def _product(side: Operand) -> Pair:
    """(Aᵀ, B) of a side; for a whole one B or A is the identity, whichever is smaller."""
    if isinstance(side, tuple):
        return side
    if side.rank <= side.length:
        return Formed(matrix=np.eye(side.rank), unit=1.0), side
    return Formed(matrix=whole(side).T, unit=side.unit), Formed(matrix=np.eye(side.length), unit=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _KroneckerRows:
    one: Tall
    two: Tall

    @property
    def unit(self) -> float:
        return self.one.unit * self.two.unit

    @property
    def length(self) -> int:
        return self.one.length * self.two.length

    @property
    def rank(self) -> int:
        return self.one.rank * self.two.rank

    def rows(self, start: int, stop: int) -> Matrix:
        height = self.two.length
        first, last = start // height, -(-stop // height)
        product: Matrix = np.kron(self.one.rows(first, last), self.two.rows(0, height))
        return product[start - first * height : stop - first * height]


def _full(update: FullUpdate, source: Source) -> Operand:
    return source.factor(update.delta)


def _sliced(operand: Operand, update: Update) -> Operand:
    """The rows that are the module's own, where the matrix holds several."""
    if update.rows is None:
        return operand
    start, stop = update.rows
    if isinstance(operand, tuple):
        return operand[0], RowRange(tall=operand[1], start=start, stop=stop)
    return RowRange(tall=operand, start=start, stop=stop)


_MAKERS: Mapping[type[Update], Callable[..., Operand]] = {
    LowRankUpdate: _low_rank,
    EmbeddingUpdate: _embedding,
    TuckerUpdate: _tucker,
    HadamardUpdate: _hadamard,
    FullUpdate: _full,
}
