"""Reads what the user named, up to a bound."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lorascan.core.errors import UsageError

_CHUNK = 2**20
"""Bytes read at a time: asked for all at once, they would be allocated however few there are."""

_HANDED_OVER = (Path("/dev/fd"), Path("/proc/self/fd"))
"""Folders of what the caller has already opened, such as a shell's `<(command)`."""
_DEVICES = (Path("/dev/stdin"), Path("/dev/null"))


def read_bounded(path: Path, most: int, kind: str) -> bytes:
    """The bytes of a file of at most `most` bytes; `kind` names it in errors: "policy", "baseline".

    Raises UsageError where it cannot be read, or is larger: what is half read would be judged by its first half.
    A pipe or a device that stands on the disk is refused, as it may never end or never begin; a stream that the caller hands over
    (`/dev/fd/63`, `/dev/stdin`) is read, and waited for.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            _insist_on_an_end(path, stream.fileno())
            raw = b"".join(pieces(stream, most + 1))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        message = f"cannot read the {kind} {path}: {getattr(error, 'strerror', None) or error}"
        raise UsageError(message) from error
    if len(raw) > most:
        message = f"cannot read the {kind} {path}: it has more than {most:,} bytes"
        raise UsageError(message)
    return raw


def _without_waiting(path: str, flags: int) -> int:
    """Opens as usual, but for a named pipe: without O_NONBLOCK its opening waits for a writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _insist_on_an_end(path: Path, descriptor: int) -> None:
    """Raises OSError for what is no regular file, unless the caller handed it over."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) and path not in _DEVICES and path.parent not in _HANDED_OVER:
        message = "it is a pipe or a device, no regular file"
        raise OSError(message)
    os.set_blocking(descriptor, True)


def pieces(stream: BinaryIO, most: int) -> Iterator[bytes]:
    """The first `most` bytes of a stream, or as many as there are, in pieces of at most 1 MiB."""
    while most > 0 and (piece := stream.read(min(_CHUNK, most))):
        most -= len(piece)
        yield piece
