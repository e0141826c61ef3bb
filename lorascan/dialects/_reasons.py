"""Why a tensor is no update that lorascan reads."""

from enum import StrEnum


class Reason(StrEnum):
    """The reason of a leftover: its value is what a reader sees."""

    EMBEDDING = "textual-inversion embedding"
    FULL_RANK = "full-rank tensor beside the low-rank updates"
    BIAS = "bias tensor beside the low-rank updates"
    BASE_WEIGHT = "plain base weight"
    NORM_SCALE = "normalisation scale that replaces the base's"
    CONTROL_MARKER = "marker of a control-LoRA"
    DORA = "DoRA magnitude, not read yet"
    TUCKER = "convolution with a middle factor (LoCon Tucker), not read yet"
    LOHA = "LoHa factor, not read yet"
    LOKR = "LoKr factor, not read yet"
    OFT = "OFT or BOFT block, not read yet"
    GLORA = "GLoRA factor, not read yet"
    IA3 = "(IA)³ vector, not read yet"
    POSITIONAL = "cloneofsimo positional factor, not read yet"
    XLABS = "XLabs FLUX factor, not read yet"
    CONTROL_LORA = "control-LoRA factor, not read yet"
    EMBEDDING_FACTOR = "low-rank factor of an embedding layer, not read yet"
    ALPHA_ONLY = "alpha of a module that has no factors"
    UNREAD_ALPHA = "alpha of a module whose dialect is not read yet"
    UNKNOWN = "tensor of no known kind"


ADAPTER_KINDS = frozenset(
    {
        Reason.FULL_RANK,
        Reason.DORA,
        Reason.TUCKER,
        Reason.LOHA,
        Reason.LOKR,
        Reason.OFT,
        Reason.GLORA,
        Reason.IA3,
        Reason.POSITIONAL,
        Reason.XLABS,
        Reason.CONTROL_LORA,
        Reason.EMBEDDING_FACTOR,
    }
)
"""Leftovers that make a file an adapter even where no low-rank pair was read."""

UNREAD_DIALECTS = ADAPTER_KINDS - {Reason.FULL_RANK}
"""Kinds of update that are known by name and that lorascan cannot apply yet."""
