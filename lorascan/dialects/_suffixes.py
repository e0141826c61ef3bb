"""Splits a tensor's name into stem and role.

A closed table, longest ending first. No part of a name is searched for: in other readers one crafted key in the middle
of a name switches the converter of the whole file.
"""

import re
from dataclasses import dataclass
from enum import Enum

from lorascan.dialects._reasons import Reason


class Role(Enum):
    """What a tensor is to its module."""

    DOWN = "down"
    UP = "up"
    ALPHA = "alpha"
    EXTRA = "extra"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A tensor's name, split. `spelling` names the pair of endings; `reason` says why an EXTRA is no update."""

    stem: str
    role: Role
    spelling: str = ""
    reason: Reason = Reason.UNKNOWN


_PAIRS = (
    (".lora_A.default.weight", Role.DOWN, "lora_A"),
    (".lora_B.default.weight", Role.UP, "lora_A"),
    (".lora_A.weight", Role.DOWN, "lora_A"),
    (".lora_B.weight", Role.UP, "lora_A"),
    (".lora_linear_layer.down.weight", Role.DOWN, "lora.down"),
    (".lora_linear_layer.up.weight", Role.UP, "lora.down"),
    (".lora_down.weight", Role.DOWN, "lora_down"),
    (".lora_up.weight", Role.UP, "lora_down"),
    (".lora.down.weight", Role.DOWN, "lora.down"),
    (".lora.up.weight", Role.UP, "lora.down"),
    ("_lora.down.weight", Role.DOWN, "_lora.down"),
    ("_lora.up.weight", Role.UP, "_lora.down"),
    (".alpha", Role.ALPHA, ""),
)

_EXTRAS = (
    *((ending, Reason.DORA) for ending in (".dora_scale", ".lora_magnitude_vector", ".magnitude")),
    *((f".lora_magnitude_vector{ending}", Reason.DORA) for ending in (".weight", ".default", ".default.weight")),
    (".lora_mid.weight", Reason.TUCKER),
    *((f".hada_{each}", Reason.LOHA) for each in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")),
    *((f".lokr_{each}", Reason.LOKR) for each in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t1", "t2")),
    *((ending, Reason.OFT) for ending in (".oft_blocks", ".oft_diag", ".oft_r.weight", ".boft_R", ".boft_s", ".rescale")),
    *((f".{each}.weight", Reason.GLORA) for each in ("a1", "a2", "b1", "b2")),
    *((ending, Reason.IA3) for ending in (".on_input", ".ia3_l")),
    *((ending, Reason.FULL_RANK) for ending in (".diff", ".diff_b", ".set_weight", ".w_norm", ".b_norm")),
    (".reshape_weight", Reason.FULL_RANK),
    *((ending, Reason.BIAS) for ending in (".lora_B.bias", ".lora_A.bias", ".lora_up.bias", ".lora_down.bias")),
    *((ending, Reason.EMBEDDING_FACTOR) for ending in (".lora_embedding_A", ".lora_embedding_B")),
    *((ending, Reason.EMBEDDING_FACTOR) for ending in (".lora_embedding_A.default", ".lora_embedding_B.default")),
    *((f"_lora{n}.{side}.weight", Reason.XLABS) for n in (1, 2) for side in ("down", "up")),
)

_PLAIN = (
    (".bias", Reason.BIAS),
    (".down", Reason.CONTROL_LORA),
    (".up", Reason.CONTROL_LORA),
    (".weight", Reason.BASE_WEIGHT),
    ("_norm.scale", Reason.NORM_SCALE),
)
"""Endings so short that every more telling one is tried first."""

_POSITIONAL = re.compile(r"(unet|text_encoder):[0-9]{1,4}:(up|down)")
_FOREIGN = re.compile(r"(.+)\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\.([^.]+)(?:\.weight|\.bias)?")
_EMBEDDING_NAMES = frozenset({"emb_params", "clip_l", "clip_g", "t5xxl", "*"})
_EMBEDDING_PREFIXES = ("bundle_emb.", "string_to_param.", "text_encoders.")
_CONTROL_MARKER = "lora_controlnet"


def split(name: str) -> Part:
    """The stem and role of a tensor name; a name that no table knows is an EXTRA of its own."""
    whole = _whole_name(name)
    if whole is not None:
        return Part(stem=name, role=Role.EXTRA, reason=whole)
    for ending, role, spelling in _PAIRS:
        if name.endswith(ending) and len(name) > len(ending):
            return Part(stem=name.removesuffix(ending), role=role, spelling=spelling)
    known = _extra(name, _EXTRAS)
    if known is not None:
        return known
    foreign = _FOREIGN.fullmatch(name)
    if foreign:
        return Part(stem=foreign[1], role=Role.FOREIGN, spelling=foreign[2])
    return _extra(name, _PLAIN) or Part(stem=name, role=Role.EXTRA)


def _extra(name: str, table: tuple[tuple[str, Reason], ...]) -> Part | None:
    """The first entry of the table that the name ends with."""
    for ending, reason in table:
        if name.endswith(ending) and len(name) > len(ending):
            return Part(stem=name.removesuffix(ending), role=Role.EXTRA, reason=reason)
    return None


def _whole_name(name: str) -> Reason | None:
    """The reason of names that are known as a whole."""
    if _POSITIONAL.fullmatch(name):
        return Reason.POSITIONAL
    if name == _CONTROL_MARKER:
        return Reason.CONTROL_MARKER
    bracketed = name.startswith("<") and name.endswith(">")
    if bracketed or name in _EMBEDDING_NAMES or name.startswith(_EMBEDDING_PREFIXES):
        return Reason.EMBEDDING
    return None
