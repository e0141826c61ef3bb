"""Reads a regular file that this program wrote."""

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file no larger than that. Raises OSError for all else, links too, and waits for nothing."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most_bytes:
            raise OSError(errno.EINVAL, "no regular file of that size", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(found.st_size)
    finally:
        os.close(descriptor)
