"""Writes one JSON document piece by piece."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from textwrap import indent
from typing import Any

_STEP = "  "
_MARK_BYTES = 16


def pieces(value: object) -> Iterator[str]:
    """What `written` writes, in pieces: an iterator stands for a list and is never held. Objects and tuples may hold iterators.

    Every iterator is drawn to its end before the next begins, in the order of the sorted keys.
    """
    yield from _value(value, "")
    yield "\n"


def _value(value: object, margin: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        opened = "{\n"
        for key in sorted(value):
            yield f"{opened}{margin}{_STEP}{json.dumps(key)}: "
            yield from _value(value[key], margin + _STEP)
            opened = ",\n"
        yield f"\n{margin}}}"
    elif isinstance(value, Iterator | tuple):
        opened = "[\n"
        for each in value:
            yield f"{opened}{margin}{_STEP}"
            yield from _value(each, margin + _STEP) if isinstance(value, tuple) else (indent(_whole(each), margin + _STEP).lstrip(),)
            opened = ",\n"
        yield "[]" if opened.startswith("[") else f"\n{margin}]"
    else:
        yield indent(_whole(value), margin).lstrip()


def _whole(value: object) -> str:
    """No line break stands within a text, where JSON escapes it: the lines can be moved to the right as they are."""
    return json.dumps(value, sort_keys=True, indent=len(_STEP), ensure_ascii=True, allow_nan=False)


class Places:
    """Which of many shapes are the same, in a few bytes each: the place at which each was first met, from 0."""

    def __init__(self) -> None:
        """Know none yet."""
        self._met: dict[bytes, int] = {}

    def of(self, shape: dict[str, Any]) -> int:
        """The place of a shape; one that was not met before gets the next."""
        told = json.dumps(shape, sort_keys=True).encode()
        return self._met.setdefault(hashlib.blake2b(told, digest_size=_MARK_BYTES).digest(), len(self._met))

    def __len__(self) -> int:
        """How many different shapes were met."""
        return len(self._met)


def distinct(shapes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The shapes, each once: some standards want their entries unique."""
    met = Places()
    for each in shapes:
        before = len(met)
        if met.of(each) == before:
            yield each
