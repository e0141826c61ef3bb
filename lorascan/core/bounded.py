"""Reads what the user named, up to a bound."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lorascan.core.errors import UsageError

_CHUNK = 2**20
"""Bytes read at a time: asked for all at once, they would be allocated however few there are."""


def read_bounded(path: Path, most: int, kind: str) -> bytes:
    """The bytes of a file of at most `most` bytes; `kind` names it in errors: "policy", "baseline".

    Raises UsageError where it cannot be read, or is larger: what is half read would be judged by its first half.
    """
    try:
        with path.open("rb") as stream:
            raw = b"".join(pieces(stream, most + 1))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        message = f"cannot read the {kind} {path}: {getattr(error, 'strerror', None) or error}"
        raise UsageError(message) from error
    if len(raw) > most:
        message = f"cannot read the {kind} {path}: it has more than {most:,} bytes"
        raise UsageError(message)
    return raw


def pieces(stream: BinaryIO, most: int) -> Iterator[bytes]:
    """The first `most` bytes of a stream, or as many as there are, in pieces of at most 1 MiB."""
    while most > 0 and (piece := stream.read(min(_CHUNK, most))):
        most -= len(piece)
        yield piece
