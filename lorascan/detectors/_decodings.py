"""Takes the encodings off texts in which a program may be wrapped."""

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator

_WORD = re.compile(r"[!-~]{28,}+")  # whatever is encoded without blanks stands in one of these
_RUN = re.compile(r"[A-Za-z0-9+/_-]{28,}+={0,2}")
_LINES = re.compile(r"(?:[A-Za-z0-9+/]{60,76}\r?\n){2,}")
_HEX_RUN = re.compile(r"(?:(?:\\x|0x|[ :,%]|, ?0x)?(?:[0-9a-f]{2}|[0-9A-F]{2})){32,}+")
_OCTAL_RUN = re.compile(r"(?:\\[0-3][0-7]{2}[ -\[\]-~]{0,8}){8,}+")
_OCTAL = re.compile(r"\\([0-3][0-7]{2})|(.)", re.DOTALL)
_NO_HEX = re.compile(r"\\x|0x|[^0-9A-Fa-f]")
_NUMBERS = re.compile(r"(?:\b\d{1,3},\s{0,2}){32,}+")
_BASE32_RUN = re.compile(r"[A-Z2-7]{48,}+={0,6}")
_DENSE_RUN = re.compile(r"[!-~]{48,}+")
_RUNS = 400  # runs decoded of one text; a payload in more pieces cannot be put together by a reader either
_RUNS_INSIDE = 20  # of one that was decoded from another
_KEPT = 4096  # characters of a run that are decoded: a multiple of 4 and of 5
_LISTED = 32  # numbers that make a list
_PHASES = 4  # a character or three before a base64 text shift all of it
_DEEPER = 2  # encodings around each other


def decodings(value: str, depth: int = _DEEPER) -> Iterator[bytes]:
    """What the runs of the text decode to, by base64 at any phase or backwards, base32, base85, hexadecimal or lists of numbers.

    Inflated where it was deflated, decoded again where it is such a text itself. Mostly noise: ask what it begins with.
    """
    for raw in _decoded(value, _RUNS if depth == _DEEPER else _RUNS_INSIDE):
        yield raw
        inner = _inflated(raw)
        if inner:
            yield inner
        if depth > 1 and (text := _encoded_again(inner or raw)):
            yield from decodings(text, depth - 1)


def _decoded(value: str, runs: int) -> Iterator[bytes]:
    words = " ".join(_WORD.findall(value))
    for found in _first(_RUN, words, runs):
        whole = found.rstrip("=").replace("-", "+").replace("_", "/")
        for phase in range(_PHASES):
            yield _quietly(base64.b64decode, _padded(whole[phase:]))
        yield _quietly(base64.b64decode, _padded(whole[::-1]))
    for lines in _first(_LINES, value, runs) if "\n" in value else ():
        yield _quietly(base64.b64decode, "".join(lines.split())[:_KEPT])
    for run in _first(_HEX_RUN, value, runs):
        digits = _NO_HEX.sub("", run)[:_KEPT]
        yield _quietly(bytes.fromhex, digits[: len(digits) // 2 * 2])
    for run in _first(_OCTAL_RUN, value, runs) if "\\" in value else ():
        yield bytes(int(number, 8) if number else ord(plain) for number, plain in _OCTAL.findall(run))
    for run in _first(_NUMBERS, value, runs) if value.count(",") >= _LISTED else ():
        numbers = [int(each) for each in run[:_KEPT].split(",")[:-1] if each.strip().isdigit()]
        yield bytes(numbers) if max(numbers, default=256) < 256 else b""
    for run in _first(_BASE32_RUN, words, runs):
        yield _quietly(base64.b32decode, run.rstrip("=")[: len(run.rstrip("=")) // 8 * 8][:_KEPT])
    for run in _first(_DENSE_RUN, words, runs):
        yield _quietly(base64.b85decode, run[: len(run) // 5 * 5][:4095])
        yield _quietly(base64.a85decode, run[:4095])


def _padded(run: str) -> str:
    """The run with what its end lacks; a single character over says nothing."""
    kept = run[:-1] if len(run) % 4 == 1 else run
    return kept + "=" * (-len(kept) % 4)


def _first(pattern: "re.Pattern[str]", value: str, runs: int) -> Iterator[str]:
    for number, found in enumerate(pattern.finditer(value)):
        if number == runs:
            return
        yield found[0][:_KEPT]


def _quietly(decode: Callable[[str], bytes], text: str) -> bytes:
    try:
        return decode(text)
    except (binascii.Error, ValueError):  # the run is of another kind
        return b""


def _inflated(raw: bytes) -> bytes:
    if raw[:2] not in (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        return b""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(raw, _KEPT)
    except zlib.error:
        return b""


def _encoded_again(raw: bytes) -> str:
    """The bytes as text where they are one that might be decoded once more."""
    return raw.decode("ascii") if raw.isascii() and len(raw) > 32 and _RUN.match(raw[:64].decode("ascii")) else ""
