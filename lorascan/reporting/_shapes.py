"""Turns facts into plain JSON values."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

_ABOVE = {"size": 2**63, "measured": 2**1023, "threshold": 2**1023}
"""Whole numbers from here on are refused, by key."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def plain(value: object) -> Json:
    """Any fact as JSON values: numbers exactly, what is not finite by name, bytes by digest.

    Raises TypeError for anything else: a fact that cannot be told must not vanish silently.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return str(value) if isinstance(value, Enum) else value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (bytes, memoryview)):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    message = f"no JSON shape for {type(value).__name__}"
    raise TypeError(message)


def written(value: object) -> str:
    """JSON with sorted keys; ASCII only: what would drive a terminal stays an escape."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def table(value: object) -> dict[str, Any]:
    """A dataclass as a JSON object."""
    shape = plain(value)
    if not isinstance(shape, dict):
        message = f"{type(value).__name__} is no table"
        raise TypeError(message)
    return dict(shape)


def demand_bounded(value: object, name: str = "") -> None:
    """Raise ValueError where whole numbers read from JSON are larger than any that is written; `name` is the key before them.

    What a finding measured may be any that a float can hold (a pickle claims what it likes), a size is signed 64 bits, all
    else at most unsigned 64 bits.
    """
    if isinstance(value, dict):
        for key, each in value.items():
            demand_bounded(each, key)
    elif isinstance(value, list):
        for each in value:
            demand_bounded(each, name)
    elif isinstance(value, int) and abs(value) >= _ABOVE.get(name, 2**64):
        message = f"{name} takes more than 64 bits"
        raise ValueError(message)


def _number(value: float) -> Json:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
