"""Keeps what a base alone answered, for audits to come."""

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

from lorascan.cache import Cache, code_digest
from lorascan.core.kept import KeptFiles
from lorascan.environment import environment

MOST_BYTES = 2**30
_SCHEMA = "lorascan/answers/v1"
_LARGEST = 2**28
"""Bytes of the largest answer that is kept, or read back."""
_DIGEST = 32


class Answers:
    """Answers of the worker that never sees an adapter, one file of mode 0600 each, by the keys of `core.recall.key_of`.

    What another version of the code, of a library or another processor answered may differ in its last bits, and is never
    read: pictures with the adapter turned off must equal the base's own bit for bit.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Use a folder that nobody else may write to; it is made when the first answer is kept."""
        self.folder, self._most = folder, most_bytes
        self._files = KeptFiles(folder=folder, suffix=".answer")

    @classmethod
    def of(cls, cache: Cache) -> "Answers":
        """Those that belong to a cache of results."""
        return cls(cache.folder / "answers")

    def get(self, key: bytes) -> tuple[bytes, ...] | None:
        """The blobs kept under a key, or None; what cannot be read back whole is as good as none."""
        name = _name(key)
        try:
            content = self._files.read(name, _LARGEST)
            os.utime(self._files.path(name), follow_symlinks=False)
        except OSError:
            return None
        return _unpacked(content)

    def keep(self, key: bytes, blobs: Sequence[bytes]) -> None:
        """Keep an answer, unless it is very large or the folder takes nothing: it can be asked again."""
        if sum(map(len, blobs)) > _LARGEST - 2**16:
            return
        with contextlib.suppress(OSError):
            self._files.write(_name(key), _packed(blobs))

    def prune(self, *, older_than_days: float | None = None, most_bytes: int | None = None) -> int:
        """Remove what was last used earlier than that, then the longest unused until the rest fits. Returns how many were removed."""
        limit = self._most if most_bytes is None else most_bytes
        return self._files.prune(older_than_days=older_than_days, most_bytes=limit)

    def sizes(self) -> list[int]:
        """Bytes of each answer that is kept."""
        return self._files.sizes()


def _name(key: bytes) -> str:
    return hashlib.sha256(computed_here().encode() + key).hexdigest()


def _packed(blobs: Sequence[bytes]) -> bytes:
    """The blobs behind a line that says their lengths, behind the SHA-256 of it all."""
    head = json.dumps({"schema": _SCHEMA, "lengths": [len(blob) for blob in blobs]}).encode() + b"\n"
    body = head + b"".join(blobs)
    return hashlib.sha256(body).digest() + body


def _unpacked(content: bytes) -> tuple[bytes, ...] | None:
    """What `_packed` packed; None for anything else."""
    digest, body = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        return None
    # The digest says that `_packed` wrote what follows, if perhaps another version's.
    head, _, rest = body.partition(b"\n")
    told = json.loads(head)
    if told.get("schema") != _SCHEMA:
        return None
    ends = list(accumulate(told["lengths"]))
    return tuple(rest[end - length : end] for end, length in zip(ends, told["lengths"], strict=True))


@cache
def computed_here() -> str:
    """The code, the libraries and the processor whose sums an answer is made of, as one line."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0].splitlines()
    except OSError:
        told = []
    processor = [line for line in told if line.partition(":")[0].strip() in _PROCESSOR]
    return json.dumps([code_digest(), environment(), processor], sort_keys=True)


_PROCESSOR = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features")
