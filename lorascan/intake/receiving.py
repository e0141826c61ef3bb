"""Takes a private copy of a file's bytes."""

import hashlib
import mmap
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import Unavailable
from lorascan.core.threads import threads
from lorascan.settings import Limits

_CHUNK = 2 * 2**20  # bytes copied and hashed at a time: one large page, still in the cache when the hashing threads come to it
_PREFIX = 8  # bytes of a safetensors file that claim its header's length
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The identity of a file, and a copy of its bytes that nobody else can change.

    `behind_header` is the SHA-256, in hexadecimal, of everything behind the header that the first eight bytes claim; ""
    where the file is shorter than that. It means something for safetensors only.
    """

    identity: FileIdentity
    content: memoryview
    behind_header: str = ""


def receive(path: Path, limits: Limits, *, name: str | None = None) -> Received:
    """Open the path once, copy its bytes and hash them on the way.

    `name` replaces the path's own last part in reports. Raises Unavailable where the path cannot be read, is no
    regular file, is larger than `limits.file_bytes`, or changed while it was read.
    """
    try:
        _demand_regular(os.stat(path))  # noqa: PTH116 - before open(): opening a device can act on it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            content, digest, behind = _copy(descriptor, limits)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise Unavailable("the file cannot be read", getattr(error, "strerror", None) or str(error)) from error
    identity = FileIdentity(name=name or path.name, path=str(path), size=len(content), sha256=digest)
    return Received(identity=identity, content=content, behind_header=behind)


def _copy(descriptor: int, limits: Limits) -> tuple[memoryview, str, str]:
    """The bytes, their SHA-256, and that of those behind the header. Each digest has a thread of its own, beside the copying."""
    before = os.fstat(descriptor)
    _demand_regular(before)
    if before.st_size > limits.file_bytes:
        reason = f"{before.st_size:,} bytes, the limit is {limits.file_bytes:,}"
        raise Unavailable("the file is larger than this audit may read", reason)
    private = _memory(before.st_size)
    whole, behind, filled, start = hashlib.sha256(), hashlib.sha256(), 0, before.st_size + 1
    with threads(1) as hashing, threads(1) as beside:  # one thread: in order
        while filled < before.st_size:
            got = os.readv(descriptor, [private[filled : filled + _CHUNK]])
            if not got:
                break
            if filled < _PREFIX <= filled + got:
                start = _PREFIX + int.from_bytes(private[:_PREFIX], "little")
            hashing.submit(whole.update, private[filled : filled + got])
            if filled + got > start:
                beside.submit(behind.update, private[max(filled, start) : filled + got])
            filled += got
    grown = os.read(descriptor, 1)
    if filled != before.st_size or grown or _stamp(os.fstat(descriptor)) != _stamp(before):
        raise Unavailable("the file changed while it was read", "audit it again when nothing writes to it")
    return private.toreadonly(), whole.hexdigest(), behind.hexdigest() if start <= filled else ""


def _memory(size: int) -> memoryview:
    """So many bytes, in large pages where the system has them: filling small ones costs as much as hashing them."""
    if not size:
        return memoryview(bytearray())
    if not hasattr(mmap, "MAP_ANONYMOUS"):
        return memoryview(mmap.mmap(-1, size))
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(pages)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _demand_regular(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "no regular file")
    raise Unavailable("the path is no file", f"it is {kind}")
