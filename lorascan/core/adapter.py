"""What an adapter file says it does to a base."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import LowRankUpdate, Update

__all__ = [
    "Adapter",
    "AdapterFacts",
    "BadNumber",
    "BaseFacts",
    "Claim",
    "Claims",
    "FileFacts",
    "FileIdentity",
    "LayerStatistics",
    "Leftover",
    "LowRankUpdate",
    "PeftClaims",
    "TensorSpan",
    "Unmeasured",
    "Update",
    "VettedFile",
    "WeightStatistics",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement that a file makes about itself: untrusted text, never acted upon."""

    path: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeftClaims:
    """The allow-listed fields of a PEFT config embedded in the file (`lora_adapter_metadata`), per component.

    `alpha_pattern` and `rank_pattern` map literal module paths to numbers; regular expressions were resolved to the
    modules of the file that they match. `peft_type`, `bias`, `initialisation`, `modules_to_save`, `base`, `imports` and
    `places` are text to report, never acted upon; `imports` holds each field that asks a loader to import code,
    `places` each that names a network path or a file that would be unpickled, as "field = value". `source` says where
    the config stands. `targets_met` counts the modules of the file that `target_modules` address; None where
    nothing could be compared.
    """

    rank: int | None = None
    alpha: float | None = None
    rank_stabilized: bool = False
    rank_pattern: Mapping[str, int] = field(default_factory=dict)
    alpha_pattern: Mapping[str, float] = field(default_factory=dict)
    target_modules: tuple[str, ...] = ()
    peft_type: str | None = None
    bias: str | None = None
    initialisation: str | None = None
    replicates_layers: bool = False
    modules_to_save: tuple[str, ...] = ()
    base: str | None = None
    imports: tuple[str, ...] = ()
    source: str = "__metadata__.lora_adapter_metadata"
    places: tuple[str, ...] = ()
    replaces_tokens: bool = False
    targets_met: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Everything that a file claims about itself, and what stands beside it claims (an adapter config, a model card).

    `decoded` holds texts out of JSON values that stand there only as escapes.
    """

    metadata: tuple[Claim, ...] = ()
    base: str | None = None
    peft: Mapping[str, PeftClaims] = field(default_factory=dict)
    network_alpha: float | None = None
    triggers: tuple[str, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)
    decoded: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """Which bytes were received, known before anything is parsed; `size` in bytes, `sha256` in lower-case hex."""

    name: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The identity of the bytes that were audited; digests are lower-case hex.

    `container`: "safetensors", or the kind of pickle whose opcodes were read. `autov3` is "" for a pickle: it has no
    header to leave out. `header_padding`: bytes of white space after the header's JSON. `odd_names`: the tensor names
    that are not made of ASCII words joined by single `.`, `:`, `/` or `-`, in file order.
    """

    name: str
    path: str
    size: int
    sha256: str
    tensor_hash: str
    autov3: str
    header_bytes: int
    tensor_count: int
    dtypes: Mapping[str, int]
    claims: Claims
    header_padding: int = 0
    odd_names: tuple[str, ...] = ()
    container: str = "safetensors"

    @property
    def autov2(self) -> str:
        """First ten hex digits of SHA-256, as model sites print it."""
        return self.sha256[:10]


@dataclass(frozen=True, slots=True, kw_only=True)
class VettedFile:
    """A file whose container was checked. `content` is a private copy: the path is never read again."""

    facts: FileFacts
    content: memoryview
    spans: tuple[TensorSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A tensor that no kind of update claims: kept, named, and never admitted silently."""

    span: TensorSpan
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFacts:
    """What was read, in numbers."""

    dialects: tuple[str, ...]
    components: Mapping[str, int]
    ranks: Mapping[int, int]
    scalings: Mapping[str, int]
    update_count: int
    leftover_count: int
    declared_triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Every update of a file, and every tensor that is none."""

    updates: tuple[Update, ...]
    leftovers: tuple[Leftover, ...]
    facts: AdapterFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """Which base the adapter fits: claimed by its metadata, inferred from its shapes.

    `candidates` are all families for which every module resolves with its exact shape; `match` is the share of
    modules that the chosen family resolves, 0 to 1.
    """

    family: str | None
    candidates: tuple[str, ...]
    claimed: str | None
    match: float
    unknown_modules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStatistics:
    """Exact spectrum statistics of one ΔW.

    `spectral`, `frobenius`, `nuclear` are norms of ΔW; `stable_rank` = ‖ΔW‖_F²/‖ΔW‖₂²; `effective_rank` = exp of the
    entropy of σᵢ/Σσ; `entropy` in nats; `leading_share` = σ₁²/Σσ²; `max_abs` = largest |entry| of the
    stored tensors.
    """

    module_path: str
    component: str
    shape: tuple[int, int]
    rank: int
    alpha: float | None
    scaling: float
    numerical_rank: int
    spectral: float
    frobenius: float
    nuclear: float
    stable_rank: float
    effective_rank: float
    entropy: float
    leading_share: float
    max_abs: float
    singular_values: tuple[float, ...]
    kind: str = "lora"
    parameter: str = "weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadNumber:
    """NaN or Inf in a tensor: how many, and the flat index of the first."""

    tensor: str
    count: int
    first_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """An update without a spectrum, and why.

    `max_abs` is the largest |entry| of its tensors, or what their product can reach, NaN where one is not finite;
    `not_positive` counts the magnitudes of DoRA, which are norms, that are zero or below.
    """

    module_path: str
    component: str
    kind: str
    reason: str
    max_abs: float = 0.0
    not_positive: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightStatistics:
    """One row per ΔW, the tensors whose numbers are not finite, and the updates that have no row.

    `directions` are rows for what DoRA adds to the base's weight before it normalises: their ΔW depends on the base.
    """

    layers: tuple[LayerStatistics, ...]
    bad_numbers: tuple[BadNumber, ...]
    unmeasured: tuple[Unmeasured, ...] = ()
    directions: tuple[LayerStatistics, ...] = ()
