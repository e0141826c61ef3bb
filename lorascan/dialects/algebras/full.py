"""Reads tensors that are stored whole: differences, biases, normalisations, replacements.

`.diff`, `.diff_b`, `.w_norm`, `.b_norm` are added, `.set_weight` and the norm scales of a BFL control adapter replace
the base's parameter. Source: LyCORIS `full` and `norms`; PEFT `lora_bias`; ComfyUI's documented behaviour.
"""

from lorascan.core.updates import Update
from lorascan.core.whole_updates import FullUpdate
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand

_TABLE = (
    (".diff", "diff", False),
    (".diff_b", "bias", True),
    (".lora_B.bias", "bias", True),
    (".lora_B.default.bias", "bias", True),
    (".lora_up.bias", "bias", True),
    (".w_norm", "norm", False),
    (".b_norm", "norm", True),
    (".set_weight", "set", False),
    ("_norm.scale", "set", False),
)


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update a tensor. Raises Refused LS605 for one without entries."""
    return tuple(
        FullUpdate(**blank(stem), delta=demand(stem, parts, text)[0], role=role, of_bias=of_bias)
        for text, role, of_bias in _TABLE
        if text in parts
    )


ALGEBRA = Algebra(
    name="full",
    endings=tuple(Ending(text=text, role=text, keep="_norm" if text.startswith("_") else "") for text, _, _ in _TABLE),
    build=build,
    example={".diff": (320, 320)},
)
