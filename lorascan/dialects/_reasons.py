"""Why a tensor is no update that lorascan reads."""

from enum import StrEnum


class Reason(StrEnum):
    """The reason of a leftover: its value is what a reader sees."""

    EMBEDDING = "textual-inversion embedding"
    FULL_RANK = "shape that a base weight is padded to"
    BIAS = "plain bias beside the updates"
    BASE_WEIGHT = "plain base weight"
    CONTROL_MARKER = "marker of a control-LoRA"
    DORA = "DoRA magnitude of a module that has no update"
    CONTROL_LORA = "control-LoRA factor"
    ALPHA_ONLY = "alpha of a module that has no factors"
    UNREAD_ALPHA = "alpha of a module whose update has none"
    UNKNOWN = "tensor of no known kind"


ADAPTER_KINDS = frozenset({Reason.DORA})
"""Leftovers that make a file an adapter even where no update was read."""

UNREAD_DIALECTS = frozenset({*ADAPTER_KINDS, Reason.CONTROL_LORA})
"""Tensors known by name that lorascan cannot apply."""
