"""Finds the α of an update."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from lorascan.core.adapter import Claims, PeftClaims, TensorSpan, VettedFile
from lorascan.core.errors import Refusal, Refused

NumberT = TypeVar("NumberT", int, float)

TENSOR, PEFT_METADATA, MISSING = "tensor", "peft metadata", "missing"
"""The origins of an α."""

_FORMATS = {"F16": "<e", "F32": "<f", "F64": "<d", "I64": "<q", "I32": "<i", "I16": "<h", "I8": "<b", "U8": "<B", "BOOL": "<?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """α, where it was found, and whether it is divided by √r (rank-stabilised) instead of r."""

    value: float | None
    origin: str
    rank_stabilized: bool = False


def read_scalar(vetted: VettedFile, span: TensorSpan, what: str = "α", code: str = "LS604") -> float:
    """The one number of a tensor. Raises Refused `code` where it is no finite scalar."""
    if math.prod(span.shape) != 1:
        message = f"{what} must be one number, not a tensor of shape {span.shape}"
        raise Refused(Refusal(code=code, message=message, where=span.name))
    stored = bytes(vetted.content[span.start : span.stop])
    if span.dtype == "BF16":
        value = float(struct.unpack("<f", b"\0\0" + stored)[0])
    elif span.dtype in _FORMATS:
        value = float(struct.unpack(_FORMATS[span.dtype], stored)[0])
    else:
        raise Refused(Refusal(code=code, message=f"{what} has the type {span.dtype}", where=span.name))
    if not math.isfinite(value):
        raise Refused(Refusal(code=code, message=f"{what} is not finite", where=span.name, measured=str(value)))
    return value


def declared_alpha(claims: Claims, component: str, module_path: str, rank: int) -> Alpha:
    """The α that the file's PEFT metadata, or the folder's config (component ""), give to a module.

    Raises Refused LS605 where the metadata give the module another rank than its tensors have.
    """
    declared = claims.peft.get(component) or claims.peft.get("")
    if declared is None:
        return Alpha(value=None, origin=MISSING)
    expected = _pattern(declared.rank_pattern, module_path, declared.rank)
    if expected is not None and expected != rank:
        message = f"the adapter's own metadata say rank {expected}, its tensors have rank {rank}"
        where = f"{component}.{module_path}"
        raise Refused(Refusal(code="LS605", message=message, where=where, measured=rank, threshold=expected))
    return _alpha(declared, module_path)


def _alpha(declared: PeftClaims, module_path: str) -> Alpha:
    value = _pattern(declared.alpha_pattern, module_path, declared.alpha)
    origin = MISSING if value is None else PEFT_METADATA
    return Alpha(value=value, origin=origin, rank_stabilized=declared.rank_stabilized)


def _pattern(patterns: Mapping[str, NumberT], module_path: str, default: NumberT | None) -> NumberT | None:
    """The number of the first pattern that is the path or ends it after a dot, as PEFT matches literal patterns."""
    for pattern, number in patterns.items():
        if module_path == pattern or module_path.endswith(f".{pattern}"):
            return number
    return default
