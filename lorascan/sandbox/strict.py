"""Strict JSON: what a worker may say."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

MAX_DEPTH = 16
_LARGEST = 2**63
_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")
_QUOTE, _BACKSLASH = ord('"'), ord("\\")


def parse(text: bytes) -> dict[str, JSON]:
    """One JSON object in UTF-8, no deeper than 16, finite numbers below 2**63, no key twice, no lone surrogate.

    Raises ValueError on anything else.
    """
    if depth(text) > MAX_DEPTH:
        message = f"JSON nested deeper than {MAX_DEPTH}"
        raise ValueError(message)
    value = json.loads(
        text.decode("utf-8"),
        object_pairs_hook=_without_doubles,
        parse_constant=_no_constant,
        parse_float=_finite,
        parse_int=_bounded,
    )
    if not isinstance(value, dict):
        message = "JSON that is no object"
        raise ValueError(message)  # noqa: TRY004 - a bad value from outside, like every other one here
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # UnicodeEncodeError, a ValueError, at a lone surrogate
    return value


def written(value: Mapping[str, object]) -> bytes:
    """The object as compact UTF-8 JSON. Raises ValueError for a number that is not finite, TypeError for no JSON at all."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def depth(text: bytes) -> int:
    """How deep brackets nest outside strings; counted, so that a deep text cannot exhaust the stack."""
    deepest = current = 0
    inside = escaped = False
    for byte in text:
        if inside:
            inside = escaped or byte != _QUOTE
            escaped = byte == _BACKSLASH and not escaped
        elif byte == _QUOTE:
            inside = True
        elif byte in _OPENING:
            current += 1
            deepest = max(deepest, current)
        elif byte in _CLOSING:
            current -= 1
    return deepest


def _without_doubles(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "JSON with a key twice"
        raise ValueError(message)
    return found


def _no_constant(name: str) -> NoReturn:
    message = f"JSON with {name}"
    raise ValueError(message)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        message = "JSON with a number that is not finite"
        raise ValueError(message)
    return value


def _bounded(digits: str) -> int:
    value = int(digits)
    if abs(value) >= _LARGEST:
        message = "JSON with an integer of 2**63 or more"
        raise ValueError(message)
    return value
