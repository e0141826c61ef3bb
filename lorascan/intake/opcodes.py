"""Splits a pickle into opcodes, as leniently as its loader."""

import pickletools
from collections.abc import Iterator

_SIZES = {ord(each.code): (each.name, each.arg.n if each.arg else 0) for each in pickletools.opcodes}
_COUNTED = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
"""Bytes of the length field that stands before a counted argument."""
_TWO_LINES = ("GLOBAL", "INST")
_REACHES = (256, 2**16, 2**22)  # bytes searched for the end of a line, then all: most lines are short
_ABSURD = 2**30  # bytes that an argument claims beyond the file; some loaders make room before they look


class Broken(Exception):
    """Where a pickle's loader would raise. `bomb` says that it would first take absurd amounts of memory."""

    def __init__(self, why: str, *, bomb: bool = False) -> None:
        """Keep the reason."""
        super().__init__(why)
        self.why = why
        self.bomb = bomb


def opcodes(content: memoryview, at: int) -> Iterator[tuple[str, bytes, int]]:
    """Each opcode from byte `at` on: its name, its argument without length field or line end, the offset behind it.

    Ends with STOP. Raises Broken at a byte that is no opcode and at an argument that is cut off. Arguments are not
    judged here: the loader takes integers such as 0x10 that `pickletools.genops` stops at, which hides what follows.
    """
    size = len(content)
    while at < size:
        known = _SIZES.get(content[at])
        if known is None:
            raise Broken(f"byte {content[at]:#04x} at {at} is no opcode")
        name, count = known
        at += 1
        if count == pickletools.UP_TO_NEWLINE:
            argument, at = _line(content, at)
            if name in _TWO_LINES:
                second, at = _line(content, at)
                argument += b"\n" + second
        else:
            if count < 0:
                count, at = _length(content, at, _COUNTED[count], name)
            argument, at = bytes(content[at : at + count]), at + count
        if at > size:
            raise Broken(f"the argument of {name} is cut off")
        yield name, argument, at
        if name == "STOP":
            return
    raise Broken("it ends without STOP")


def _length(content: memoryview, at: int, width: int, name: str) -> tuple[int, int]:
    length = int.from_bytes(content[at : at + width], "little")
    if length > len(content) - at - width:
        raise Broken(f"{name} claims {length:,} bytes", bomb=length > _ABSURD)
    return length, at + width


def _line(content: memoryview, at: int) -> tuple[bytes, int]:
    for reach in (*_REACHES, len(content)):
        line, mark, _ = bytes(content[at : at + reach]).partition(b"\n")
        if mark:
            return line, at + len(line) + 1
    raise Broken("a line is cut off")
