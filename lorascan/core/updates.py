"""The kinds of update that an adapter may hold.

All have one face (`Update`): which module, which ΔW shape, rank, α and scaling. ΔW is that of the flattened weight,
(out, in·kh·kw). Formulas: LoRA (Hu et al. 2021), LoHa (Hyeon-Woo et al. 2022), LoKr (Edalati et al. 2022), DoRA (Liu et
al. 2024), OFT (Qiu et al. 2023), BOFT (Liu et al. 2024), (IA)³ (Liu et al. 2022), GLoRA (Chavan et al. 2023). Products of
products stand in `product_updates`, whole tensors and functions of the base's weight in `whole_updates`.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

from lorascan.core.tensors import TensorSpan

WEIGHT, BIAS = "weight", "bias"
"""What of a module an update changes."""
PRODUCT, NO_ALPHA, RANK, ROOT = "ignored", "1 (no α)", "α/r", "α/√r"
"""How a scaling follows from α."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(ABC):
    """What one group of tensors does to one module of a base.

    `module_path` is the diffusers module path inside its component, or the file's own stem where no base knows it
    (`resolved` False). `rows` is set where the file stores several modules in one fused matrix (`fused` is its stem):
    this update is those rows, start to stop, of the stored ΔW. `permuted` says that the file orders the module's rows
    otherwise than the base: norms and spectra are right, the matrix must not be loaded as it stands. `base_shape` is
    (out, in·kh·kw) of the base's weight, for kinds whose tensors do not tell it.
    """

    kind: ClassVar[str]
    base_dependent: ClassVar[bool] = False
    """Whether ΔW is a function of the base's weight."""

    module_path: str
    component: str
    dialect: str
    alpha: float | None = None
    alpha_origin: str = "missing"
    alpha_span: TensorSpan | None = None
    rank_stabilized: bool = False
    resolved: bool = True
    rows: tuple[int, int] | None = None
    fused: str = ""
    permuted: bool = False
    base_shape: tuple[int, int] | None = None

    @property
    @abstractmethod
    def tensors(self) -> tuple[TensorSpan, ...]:
        """The tensors that ΔW is made of, without α."""

    @property
    def marks(self) -> tuple[TensorSpan, ...]:
        """Tensors that hold no weights but say how the others are meant."""
        return ()

    @property
    @abstractmethod
    def rank(self) -> int:
        """The inner dimension that α is divided by; the largest rank possible where a kind has none."""

    @property
    @abstractmethod
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw) of the whole stored ΔW; 0 where the tensors do not tell a side."""

    @property
    def name(self) -> str:
        """The kind as a reader knows it."""
        return self.kind

    @property
    def parameter(self) -> str:
        """Which parameter of the module is changed."""
        return WEIGHT

    @property
    def scaled(self) -> bool:
        """Whether α multiplies ΔW."""
        return True

    @property
    def tells_base(self) -> bool:
        """Whether the update changes a weight that a base's manifest lists, so that its shape tells the base."""
        return self.parameter == WEIGHT

    @property
    def loadable(self) -> bool:
        """Whether the update can be applied to a base at hand as ΔW; what cannot is not tested."""
        return not self.permuted

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in·kh·kw) of this module's ΔW; a side that the tensors do not tell is the base's, 0 where none is known."""
        if self.rows is None:
            stored, base = self.stored_shape, self.base_shape or (0, 0)
            return stored[0] or base[0], stored[1] or base[1]
        return self.rows[1] - self.rows[0], self.stored_shape[1]

    @property
    def spans(self) -> tuple[TensorSpan, ...]:
        """Every tensor that the update consumed."""
        alpha = () if self.alpha_span is None else (self.alpha_span,)
        return *self.tensors, *self.marks, *alpha

    @property
    def scaling(self) -> float:
        """α/r, or α/√r where the adapter is rank-stabilised; 1 where the file gives no α or the kind ignores it."""
        if self.alpha is None or not self.scaled:
            return 1.0
        return self.alpha / (math.sqrt(self.rank) if self.rank_stabilized else self.rank)

    @property
    def scaling_rule(self) -> str:
        """How the scaling follows from α, in signs."""
        if not self.scaled:
            return PRODUCT
        if self.alpha is None:
            return NO_ALPHA
        return ROOT if self.rank_stabilized else RANK


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LowRankUpdate(Update):
    """ΔW = scaling · up · down.

    `down` is (rank, in) or (rank, in, kh, kw); `up` is (out, rank) or (out, rank, 1, 1).
    """

    kind: ClassVar[str] = "lora"
    down: TensorSpan
    up: TensorSpan

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """Down, then up."""
        return self.down, self.up

    @property
    def name(self) -> str:
        """The kind, which is locon for a convolution whose kernel is larger than one."""
        return "locon" if math.prod(self.down.shape[2:]) > 1 else "lora"

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return self.down.shape[0]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw)."""
        return self.up.shape[0], math.prod(self.down.shape[1:])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingUpdate(Update):
    """ΔE = scaling · (up · down)ᵀ for a table of word vectors (PEFT's `lora_embedding_A|B`).

    `down` is (rank, words), `up` is (width, rank); ΔE is (words, width).
    """

    kind: ClassVar[str] = "embedding"
    down: TensorSpan
    up: TensorSpan

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """Down, then up."""
        return self.down, self.up

    @property
    def loadable(self) -> bool:
        """Never: the worker puts factors into linear and convolution layers."""
        return False

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return self.down.shape[0]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(words, width)."""
        return math.prod(self.down.shape[1:]), self.up.shape[0]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TuckerUpdate(Update):
    """ΔW[o,i,k,l] = scaling · Σ mid[m,n,k,l] · up[o,m] · down[n,i]: a convolution with a middle factor.

    `down` is (n, in, 1, 1), `mid` (m, n, kh, kw), `up` (out, m, 1, 1).
    """

    kind: ClassVar[str] = "tucker"
    down: TensorSpan
    mid: TensorSpan
    up: TensorSpan

    @property
    def tensors(self) -> tuple[TensorSpan, ...]:
        """Down, middle, up."""
        return self.down, self.mid, self.up

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return self.down.shape[0]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """(out, in·kh·kw)."""
        return self.up.shape[0], math.prod(self.down.shape[1:]) * math.prod(self.mid.shape[2:])
