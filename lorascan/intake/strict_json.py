"""Parses hostile JSON, strictly and in bounded time."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import NoReturn

from lorascan.core.errors import Refusal, Refused

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_WHOLE = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_WINDOW = 2**18
"""Bytes whose strings are blanked at a time: every string costs an object until they are."""
_NO_STRUCTURE = bytes(set(range(256)) - set(b"[]{},"))
_ALIKE = bytes.maketrans(b"{}", b"[]")  # for the depth alone; that brackets match is the parser's to say
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS = 20  # digits of 2**64 - 1, and one more is no offset, shape, rank or count


def parse(raw: bytes, *, code: str, where: str, depth: int, items: int) -> object:
    """The value that `raw` holds.

    Nesting deeper than `depth`, more than `items` commas, a duplicate key (LS106), NaN or Infinity, an integer of more
    than 20 digits, a lone surrogate, or anything else that RFC 8259 forbids raises Refused with `code`. Linear time.
    """

    def refuse(message: str) -> NoReturn:
        raise Refused(Refusal(code=code, message=message, where=where))

    if excess := too_large(raw, depth=depth, items=items):
        refuse(excess)
    try:
        text = raw.decode("utf-8")
        value: object = json.loads(
            text,
            object_pairs_hook=partial(_without_duplicates, where=where),
            parse_int=partial(_bounded_integer, code=code, where=where),
            parse_constant=lambda name: refuse(f"{name} is no JSON number"),
        )
    except UnicodeDecodeError as error:
        refuse(f"not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        refuse(f"not JSON: {error.msg} at character {error.pos}")
    if "\\u" in text and _holds_lone_surrogate(value):
        refuse("an escape stands for half a character (lone surrogate)")
    return value


def too_large(raw: bytes, *, depth: int, items: int) -> str:
    """Why this JSON must not be parsed, or "": nesting above `depth` or more than `items` commas.

    Looks at bytes only. Each round removes every innermost pair of brackets, so what remains after `depth`
    rounds was nested deeper or is unbalanced. Strings are blanked first; every step is one linear pass in C.
    """
    structure = b"".join(piece.translate(_ALIKE, _NO_STRUCTURE) for piece in _outside_strings(raw))
    commas = structure.count(b",")
    if commas > items:
        return f"{commas:,} JSON items, at most {items:,} are read"
    brackets = structure.replace(b",", b"")
    for _ in range(depth):
        if not brackets:
            return ""
        brackets = brackets.replace(b"[]", b"")
    if not brackets:
        return ""
    if brackets.count(b"[") != brackets.count(b"]"):
        return "JSON whose brackets do not match, as where it was cut off"
    return f"JSON nested deeper than {depth} levels"


def white_space(raw: bytes) -> int:
    """Bytes of white space outside strings."""
    return sum(sum(map(piece.count, (b" ", b"\t", b"\r", b"\n"))) for piece in _outside_strings(raw))


def _outside_strings(raw: bytes) -> Iterator[bytes]:
    """The bytes outside of strings, in order; a string that does not end reaches to the end."""
    at = 0
    while at < len(raw):
        window = raw[at : at + _WINDOW]
        whole = _end(_WHOLE.match(window))
        if whole:
            yield _STRING.sub(b"", window[:whole])
            at += whole
        else:  # a string that is longer than the window, or does not end
            at = _end(_STRING.match(raw, at))


def _end(found: re.Match[bytes] | None) -> int:
    assert found is not None
    return found.end()


def _without_duplicates(pairs: list[tuple[str, object]], *, where: str) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            message = "a JSON key occurs twice: readers differ in which one they believe"
            raise Refused(Refusal(code="LS106", message=message, where=where, measured=key))
        seen.add(key)
    return found


def _bounded_integer(digits: str, *, code: str, where: str) -> int:
    if len(digits) > _DIGITS:
        message = f"an integer of {len(digits):,} digits"
        raise Refused(Refusal(code=code, message=message, where=where, measured=len(digits), threshold=_DIGITS))
    return int(digits)


def _holds_lone_surrogate(value: object) -> bool:
    if isinstance(value, str):
        return _SURROGATE.search(value) is not None
    if isinstance(value, dict):
        return any(_holds_lone_surrogate(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return any(_holds_lone_surrogate(each) for each in value)
    return False
