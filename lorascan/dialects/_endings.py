"""Splits a tensor's name into stem and ending.

A closed table, longest ending first. No part of a name is searched for: in other readers one crafted key in the middle
of a name switches the converter of the whole file.
"""

import re
from dataclasses import dataclass
from functools import cache

from lorascan.dialects._reasons import Reason
from lorascan.dialects.algebras import Ending, algebras

ALPHA = "alpha"
POSITIONAL = "positional"
_ALPHAS = (".alpha", ".lora_A.alpha", ".network_alpha")
_LOOSE = (
    Ending(text=".reshape_weight", role="reshape", reason=Reason.FULL_RANK),
    Ending(text=".down", role="control down", reason=Reason.CONTROL_LORA),
    Ending(text=".up", role="control up", reason=Reason.CONTROL_LORA),
)
"""Endings that no algebra makes an update of."""
_MOST_WORDS = 4
"""Words of the longest ending."""
_POSITION = re.compile(r"((?:unet|text_encoder):[0-9]{1,4}):(up|down)")
_FOREIGN = re.compile(r"(.+)\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\.([^.]+)(?:\.weight|\.bias)?")
_EMBEDDING_NAMES = frozenset({"emb_params", "clip_l", "clip_g", "t5xxl", "*"})
_EMBEDDING_PREFIXES = ("bundle_emb.", "string_to_param.")
_CONTROL_MARKER = "lora_controlnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A tensor's name, split. `foreign` is the name of another adapter where the key addresses one."""

    stem: str
    ending: Ending
    foreign: str = ""


def split(name: str) -> Part:
    """The stem and ending of a tensor name; a name that no table knows is a stem of its own."""
    whole = _whole_name(name)
    if whole is not None:
        return Part(stem=name, ending=Ending(text="", role=name, reason=whole))
    position = _POSITION.fullmatch(name)
    if position:
        return Part(stem=position[1], ending=Ending(text=f":{position[2]}", role=position[2], spelling=POSITIONAL))
    ending = _ending(name)
    if ending is None or ending.text in {".weight", ".bias"}:
        foreign = _FOREIGN.fullmatch(name)
        if foreign:
            return Part(stem=foreign[1], ending=Ending(text="", role="foreign"), foreign=foreign[2])
    if ending is None:
        return Part(stem=name, ending=Ending(text="", role=name))
    return Part(stem=name.removesuffix(ending.text) + ending.keep, ending=ending)


@cache
def endings() -> dict[str, Ending]:
    """Every ending, by its text."""
    found = {each.text: each for algebra in algebras().values() for each in algebra.endings}
    found |= {each.text: each for each in _LOOSE}
    return found | {text: Ending(text=text, role=ALPHA, spelling="", reason=Reason.ALPHA_ONLY) for text in _ALPHAS}


@cache
def _joined() -> tuple[Ending, ...]:
    """The endings that do not begin at a dot, longest first."""
    return tuple(sorted((each for each in endings().values() if not each.text.startswith(".")), key=lambda each: -len(each.text)))


def _ending(name: str) -> Ending | None:
    """The longest ending of the tables; None where there is none, or where nothing would be left of the name."""
    for each in _joined():
        if name.endswith(each.text) and len(name) > len(each.text):
            return each
    words = name.rsplit(".", _MOST_WORDS)
    for skipped in range(1, len(words)):
        known = endings().get("." + ".".join(words[skipped:]))
        if known is not None and any(words[:skipped]):
            return known
    return None


def _whole_name(name: str) -> Reason | None:
    """The reason of names that are known as a whole."""
    if name == _CONTROL_MARKER:
        return Reason.CONTROL_MARKER
    bracketed = name.startswith("<") and name.endswith(">")
    if bracketed or name in _EMBEDDING_NAMES or name.startswith(_EMBEDDING_PREFIXES):
        return Reason.EMBEDDING
    return None
