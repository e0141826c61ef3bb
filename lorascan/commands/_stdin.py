"""Takes an adapter from standard input."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from lorascan.core.errors import UsageError
from lorascan.targets import Target


@contextmanager
def from_stdin(name: str | None) -> Iterator[Target]:
    """A target that holds what stdin brings, under the name that the caller gives; removed at the end. Raises UsageError.

    The name is needed: what a file is called decides what loaders make of it.
    """
    plain = PurePath(name or "").name
    if not plain or plain in (".", "..") or "\x00" in plain:
        message = "- reads stdin: say what it is called with --stdin-filename NAME.safetensors"
        raise UsageError(message)
    folder = tempfile.mkdtemp(prefix="lorascan-stdin-")
    try:
        path = Path(folder) / plain
        with path.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield Target(path=path, shown=plain)
    except OSError as error:
        message = f"cannot read stdin: {error.strerror or error}"
        raise UsageError(message) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
