"""Writes a file whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, content: str | bytes | Iterable[str], *, private: bool = False) -> None:
    """Write text as UTF-8, or bytes, beside `path` and put it in its place; a device or pipe is written directly.

    Text may come in pieces, which are never held together. private: of mode 0600, whatever the umask.

    Raises OSError where the folder is missing, the disk is full or writing is not allowed; then no half-written file
    is left.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            _pour(content, stream)
        return
    try:
        target = path.resolve()
    except RuntimeError as error:  # Python 3.11 and 3.12 say so of links that go round
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            _pour(content, stream)
        if not private:
            Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except BaseException:  # an interrupt too leaves no half-written file; raised again
        Path(temporary).unlink(missing_ok=True)
        raise


def _pour(content: str | bytes | Iterable[str], stream: BinaryIO) -> None:
    if isinstance(content, bytes):
        stream.write(content)
        return
    pieces = (content,) if isinstance(content, str) else content
    stream.writelines(each.encode("utf-8") for each in pieces)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
