"""Reads the arguments of pickle opcodes as values."""

import re
from collections.abc import Callable

from lorascan.intake.opcodes import Broken
from lorascan.intake.pickle_values import UNKNOWN

_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))")
_SHORT_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_LONG = 64  # bytes of the largest integer that is kept as a number


def number(argument: bytes) -> object:
    """A number in a line: base 10, or 16 and 8 by prefix, as C reads it. 00 and 01 are truth values."""
    if argument in (b"00", b"01"):
        return argument == b"01"
    try:
        return int(argument.strip().rstrip(b"L"), 0)
    except ValueError:
        return UNKNOWN


def place(argument: bytes) -> int:
    """A place in the memo, in a line. Raises Broken where the loader would."""
    try:
        return int(argument)
    except ValueError as error:
        raise Broken("a memo place that is no number") from error


def little(argument: bytes) -> object:
    """A signed integer, least byte first; of more than 64 bytes it is not followed."""
    return int.from_bytes(argument, "little", signed=True) if len(argument) <= _LONG else UNKNOWN


def decoded(encoding: str, errors: str = "strict") -> Callable[[bytes], object]:
    """A reader of text in this encoding; what is none is not followed."""

    def read(argument: bytes) -> object:
        try:
            return argument.decode(encoding, errors)
        except UnicodeDecodeError:
            return UNKNOWN

    return read


text = decoded("utf-8", "surrogatepass")


def quoted(argument: bytes) -> object:
    """A protocol-0 string: quotes off, escapes read."""
    return _ESCAPE.sub(_unescaped, argument.strip()[1:-1]).decode("latin-1")


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 16)])
    if match[2]:
        return bytes([int(match[2], 8) & 0xFF])
    return _SHORT_ESCAPES.get(match[3], match[3])
