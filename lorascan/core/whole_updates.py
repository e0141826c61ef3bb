"""Updates that are whole tensors or functions of the base's weight."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import BIAS, WEIGHT, Update

OWN_ROTATIONS = (".oft_blocks", ".oft_diag")
"""Endings of rotations that are told by their tensors alone."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FullUpdate(Update):
    """ΔW = the tensor itself: added to the module's weight or bias. No α.

    `role` is "diff" (weight), "bias", "norm" (a normalisation's weight or bias) or "set": the last replaces the
    parameter, so that ΔW = tensor − base and depends on the base.
    """

    kind: ClassVar[str] = "diff"
    delta: TensorSpan
    role: str
    of_bias: bool = False

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """The one tensor."""
        return (self.delta,)

    @property
    def name(self) -> str:
        """The role."""
        return self.role

    @property
    def tells_base(self) -> bool:
        """Only a whole matrix does: manifests hold no normalisations and no biases."""
        return self.role == "diff" and len(self.delta.shape) > 1

    @property
    def loadable(self) -> bool:
        """Only a whole matrix: normalisations and biases take no factors."""
        return self.role in {"diff", "set"} and not self.of_bias and len(self.delta.shape) > 1 and not self.permuted

    @property
    def parameter(self) -> str:
        """The weight or the bias."""
        return BIAS if self.of_bias else WEIGHT

    @property
    def scaled(self) -> bool:
        """Never."""
        return False

    @property
    def rank(self) -> int:
        """The largest rank that the shape allows."""
        return min(self.stored_shape)

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw); a vector is one column."""
        shape = self.delta.shape
        return (shape[0] if shape else 1), math.prod(shape[1:])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DoraUpdate(Update):
    """ΔW = m · (W + D)/‖W + D‖ − W for the update D = `direction`; the norm per row or per column of W + D.

    `magnitude` m has one entry a row (LyCORIS, PEFT) or a column (kohya, OneTrainer); `convention` is the ending's
    origin: "dora_scale", "lora_magnitude_vector" or "magnitude".
    """

    kind: ClassVar[str] = "dora"
    base_dependent: ClassVar[bool] = True
    direction: Update
    magnitude: TensorSpan
    convention: str

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """Those of the direction, then the magnitude."""
        return *self.direction.tensors, self.magnitude

    @property
    def loadable(self) -> bool:
        """As the direction is."""
        return self.direction.loadable and not self.permuted

    @property
    def scaled(self) -> bool:
        """As the direction is."""
        return self.direction.scaled

    @property
    def rank(self) -> int:
        """That of the direction; ΔW itself has full rank."""
        return self.direction.rank

    @property
    def stored_shape(self) -> tuple[int, int]:
        """That of the direction."""
        return self.direction.stored_shape


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleUpdate(Update):
    """(IA)³: ΔW = W · w, per column where `on_input`, per row where not; None where the file does not say.

    `of_one` is PEFT's form, in which the factors are those of the whole weight: ΔW = W · (w − 1).
    """

    kind: ClassVar[str] = "ia3"
    base_dependent: ClassVar[bool] = True
    factors: TensorSpan
    marker: TensorSpan | None
    on_input: bool | None
    of_one: bool = False

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """The vector."""
        return (self.factors,)

    @property
    def marks(self) -> tuple[TensorSpan, ...]:
        """The tensor that says which side is scaled."""
        return () if self.marker is None else (self.marker,)

    @property
    def scaled(self) -> bool:
        """Never."""
        return False

    @property
    def loadable(self) -> bool:
        """Where the file says which side is scaled."""
        return self.on_input is not None and not self.permuted

    @property
    def rank(self) -> int:
        """1: one vector."""
        return 1

    @property
    def stored_shape(self) -> tuple[int, int]:
        """The side that is known; 0 for the other."""
        if self.on_input is None:
            return 0, 0
        width = math.prod(self.factors.shape)
        return (0, width) if self.on_input else (width, 0)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RotationUpdate(Update):
    """OFT and BOFT: ΔW = (R − I)·W, R block-diagonal with R = (I + Q)(I − Q)⁻¹ and Q skew-symmetric.

    `blocks` is (blocks, size, size), with one leading dimension more for BOFT's butterflies; `rescale` multiplies rows.
    """

    kind: ClassVar[str] = "oft"
    base_dependent: ClassVar[bool] = True
    blocks: TensorSpan
    rescale: TensorSpan | None = None

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """The blocks and the scale."""
        return (self.blocks,) if self.rescale is None else (self.blocks, self.rescale)

    @property
    def name(self) -> str:
        """The kind, which is boft where blocks stand in butterflies."""
        return "boft" if len(self.blocks.shape) > 3 or self.blocks.name.rpartition(".")[2].startswith("boft") else "oft"

    @property
    def scaled(self) -> bool:
        """Never: α is the constraint on Q."""
        return False

    @property
    def loadable(self) -> bool:
        """Where the tensors alone tell the rotation: PEFT's depends on a config."""
        return self.blocks.name.endswith(OWN_ROTATIONS) and not self.permuted

    @property
    def rank(self) -> int:
        """The number of blocks of a (b, n, n) stack, which the trainers call the dimension; else the block's size."""
        return self.blocks.shape[-3] if len(self.blocks.shape) > 2 else self.blocks.shape[0]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """The rows, where blocks are stored whole; 0 for what is not known."""
        shape = self.blocks.shape
        whole = len(shape) > 2 and shape[-1] == shape[-2]
        return (shape[-3] * shape[-1] if whole else 0), 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GloraUpdate(Update):
    """GLoRA: ΔW = scaling · (W·a1·a2 + b1·b2)."""

    kind: ClassVar[str] = "glora"
    base_dependent: ClassVar[bool] = True
    a1: TensorSpan
    a2: TensorSpan
    b1: TensorSpan
    b2: TensorSpan
    bm: TensorSpan | None = None

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """a1, a2, b1, b2 and the middle factor of a convolution."""
        core = () if self.bm is None else (self.bm,)
        return self.a1, self.a2, self.b1, self.b2, *core

    @property
    def rank(self) -> int:
        """The inner dimension of b1·b2, whichever of the two is the left factor."""
        return self.b1.shape[1] if self.left_first else self.b1.shape[0]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw) of b1·b2; older files store the factors the other way round."""
        left, right = (self.b1, self.b2) if self.left_first else (self.b2, self.b1)
        return left.shape[0], math.prod(right.shape[1:]) * (math.prod(self.bm.shape[2:]) if self.bm is not None else 1)

    @property
    def left_first(self) -> bool:
        """Whether a1 and b1 are the left factors: older files store them as the right ones."""
        return self.b1.shape[1] == self.b2.shape[0]
