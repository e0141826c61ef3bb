"""Updates that are a product of products: LoHa and LoKr."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import Update

Side = TensorSpan | tuple[TensorSpan, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HadamardUpdate(Update):
    """LoHa: ΔW = scaling · (w1a·w1b) ∘ (w2a·w2b).

    Plain: `w1a`, `w2a` are (out, rank), `w1b`, `w2b` (rank, in·kh·kw). With cores `t1`, `t2` (rank, rank, kh, kw) each
    side is Σ t[i,j,k,l] · a[i,o] · b[j,n], and the factors are (rank, out) and (rank, in).
    """

    kind: ClassVar[str] = "loha"
    w1a: TensorSpan
    w1b: TensorSpan
    w2a: TensorSpan
    w2b: TensorSpan
    t1: TensorSpan | None = None
    t2: TensorSpan | None = None

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """The four factors, then the cores."""
        cores = tuple(each for each in (self.t1, self.t2) if each is not None)
        return self.w1a, self.w1b, self.w2a, self.w2b, *cores

    @property
    def rank(self) -> int:
        """Rows of `w1b`: what α is divided by. ΔW itself may have its square."""
        return self.w1b.shape[0]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw)."""
        if self.t1 is None:
            return self.w1a.shape[0], math.prod(self.w1b.shape[1:])
        return self.w1a.shape[1], self.w1b.shape[1] * math.prod(self.t1.shape[2:])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class KroneckerUpdate(Update):
    """LoKr: ΔW = scaling · w1 ⊗ w2, each side a matrix or a product of two.

    A side is one tensor, or (a, b) with a·b, or (a, b, t) with Σ t[i,j,k,l] · a[i,o] · b[j,n].
    """

    kind: ClassVar[str] = "lokr"
    w1: Side
    w2: Side

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """The tensors of the first side, then of the second."""
        return *_parts(self.w1), *_parts(self.w2)

    @property
    def scaled(self) -> bool:
        """Not where both sides are whole: LyCORIS then sets α to the rank."""
        return len(_parts(self.w1)) + len(_parts(self.w2)) > 2

    @property
    def ranks(self) -> tuple[int, ...]:
        """The inner dimension of each factored side: LyCORIS divides α by the first, ComfyUI and diffusers by the last."""
        return tuple(each[1].shape[0] for each in (_parts(self.w1), _parts(self.w2)) if len(each) > 1)

    @property
    def rank(self) -> int:
        """That of the first factored side; the product of the sides' largest ranks where both are whole."""
        if self.ranks:
            return self.ranks[0]
        return min(_side_shape(self.w1)) * min(_side_shape(self.w2))

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw)."""
        (out1, in1), (out2, in2) = _side_shape(self.w1), _side_shape(self.w2)
        return out1 * out2, in1 * in2


def _parts(side: Side) -> tuple[TensorSpan, ...]:
    return side if isinstance(side, tuple) else (side,)


def _side_shape(side: Side) -> tuple[int, int]:
    """(rows, columns) of one side of a Kronecker product, flattened."""
    parts = _parts(side)
    if len(parts) == 3:
        return parts[0].shape[1], parts[1].shape[1] * math.prod(parts[2].shape[2:])
    return parts[0].shape[0], math.prod(parts[-1].shape[1:])
