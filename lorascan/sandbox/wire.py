"""Frames: the words between parent and worker.

A frame is magic, kind, length and body. The receiver judges kind and length before it takes a byte of the body.
Nothing but JSON objects, short texts and byte blocks of a size known beforehand is ever sent: no pickle, no path, no
descriptor.
"""

import math
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview

HEADER = struct.Struct("<4sIQ")
MAGIC = b"LRSB"
MAX_HELLO = 16 * 1024
MAX_PROGRESS = 256
MAX_RESULT = 64 * 1024
MAX_ERROR = 4 * 1024
MAX_ORDER = 16 * 2**20
"""Largest JSON the parent sends; the worker trusts its parent, this only catches mistakes."""
_PORTION = 1 << 20
_SHARE = struct.Struct("<d")


class Kind(IntEnum):
    """What a frame is. Up to ERROR the worker speaks, from PREPARE on the parent; BLOB is said by both."""

    HELLO = 1
    READY = 2
    PROGRESS = 3
    BLOB = 4
    RESULT = 5
    ERROR = 6
    PREPARE = 16
    CALL = 17


_KINDS = frozenset(map(int, Kind))


class Malformed(Exception):
    """The bytes are no frame that may come now."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame."""

    kind: Kind
    body: bytes


Judge = Callable[[Kind, int], None]
"""Raises Malformed where a frame of this kind and length may not come now."""


class Assembler:
    """Makes frames of bytes that come in any portions."""

    def __init__(self, judge: Judge) -> None:
        """Let `judge` see kind and length of each frame before its body is taken."""
        self._judge = judge
        self._head = bytearray()
        self._body = bytearray()
        self._kind: Kind | None = None
        self._missing = 0

    @property
    def wanted(self) -> int:
        """How many bytes end the head or body that is being read; whoever reads no more never reads into the next frame."""
        return HEADER.size - len(self._head) if self._kind is None else self._missing

    def feed(self, portion: Bytes) -> Iterator[Frame]:
        """The frames that end within this portion. Raises Malformed."""
        rest = memoryview(portion)
        while rest or (self._kind is not None and self._missing == 0):
            if self._kind is None:
                rest = self._take_head(rest)
                continue
            taken = rest[: self._missing]
            self._body += taken
            self._missing -= len(taken)
            rest = rest[len(taken) :]
            if self._missing == 0:
                frame = Frame(self._kind, bytes(self._body))
                self._kind, self._body = None, bytearray()  # before the caller may turn away
                yield frame

    def _take_head(self, rest: memoryview) -> memoryview:
        wanted = HEADER.size - len(self._head)
        self._head += rest[:wanted]
        if len(self._head) == HEADER.size:
            magic, kind, self._missing = HEADER.unpack(self._head)
            self._head.clear()
            if magic != MAGIC:
                message = "not a frame"
                raise Malformed(message)
            if kind not in _KINDS:
                message = f"unknown kind of frame {kind}"
                raise Malformed(message)
            self._judge(Kind(kind), self._missing)
            self._kind = Kind(kind)
        return rest[wanted:]


def head(kind: Kind, length: int) -> bytes:
    """The first bytes of a frame."""
    return HEADER.pack(MAGIC, kind, length)


def progress_body(share: float, text: str) -> bytes:
    """A progress frame's body; the text is cut to what fits."""
    return _SHARE.pack(share) + text.encode("utf-8", "replace")[: MAX_PROGRESS - _SHARE.size]


def read_progress(body: bytes) -> tuple[float, str]:
    """Share in [0, 1] and text. Raises Malformed."""
    if len(body) < _SHARE.size:
        message = "progress without a number"
        raise Malformed(message)
    (share,) = _SHARE.unpack_from(body)
    if not math.isfinite(share) or not 0.0 <= share <= 1.0:
        message = "progress outside 0 to 1"
        raise Malformed(message)
    return share, body[_SHARE.size :].decode("utf-8", "replace")


def send(descriptor: int, kind: Kind, body: Bytes) -> None:
    """Write one frame, blocking. Raises OSError."""
    content = memoryview(body).cast("B")
    for part in (memoryview(head(kind, len(content))), content):
        rest = part
        while rest:
            rest = rest[os.write(descriptor, rest[:_PORTION]) :]


def receive(descriptor: int) -> Frame | None:
    """Read one frame of the parent's, blocking; None at the end of the pipe. Raises Malformed, EOFError in mid-frame."""
    first = _exactly(descriptor, HEADER.size, may_end=True)
    if not first:
        return None
    magic, kind, length = HEADER.unpack(first)
    if magic != MAGIC:
        message = "the parent sent no frame"
        raise Malformed(message)
    return Frame(Kind(kind), _exactly(descriptor, length))


def _exactly(descriptor: int, count: int, *, may_end: bool = False) -> bytes:
    content = bytearray(count)
    rest = memoryview(content)
    while rest:
        portion = os.readv(descriptor, [rest[:_PORTION]])
        if portion == 0:
            if may_end and len(rest) == count:
                return b""
            raise EOFError
        rest = rest[portion:]
    rest.release()
    return bytes(content)
