"""What a locked worker may read, use and say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GIB = 2**30

NOBODY = 65534
"""The user and group id that a worker started by root takes; `nobody` on every Linux."""

LIBRARY_BYTES = 16 * GIB
"""Address space granted beyond `memory_bytes`: shared libraries and thread arenas reserve it without using memory."""

ENVIRONMENT = {
    "HOME": "/nonexistent",
    "USER": "worker",
    "LOGNAME": "worker",
    "PATH": "",
    "LC_ALL": "C.UTF-8",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TORCHINDUCTOR_CACHE_DIR": "/",
}
"""The worker's whole environment but for OMP_NUM_THREADS. torch's import wants a cache folder that exists and a user name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a worker may read, use and say. Paths are absolute; bytes, seconds, counts.

    `read_paths` are files and folders that it may read besides Python, its packages and the system's libraries; a
    symbolic link inside such a folder is followed only where its target lies in a readable folder too. `memory_bytes`
    bounds private memory (RLIMIT_DATA) and, watched by the parent, private and shared memory together.
    `start_seconds` bounds the time from start to READY, `idle_seconds` the silence within a call, `wall_seconds` the
    life after READY. `devices` are the nodes of a GPU: they widen the filters, and memory is then only watched by the
    parent. `chatter_bytes` bounds stdout and stderr together, `reply_bytes` and `frames` one call's answer.
    """

    read_paths: tuple[Path, ...] = ()
    devices: tuple[str, ...] = ()
    memory_bytes: int = 12 * GIB
    cpu_seconds: int = 3600
    threads: int = 1
    start_seconds: float = 240.0
    idle_seconds: float = 300.0
    wall_seconds: float = 1800.0
    chatter_bytes: int = 4 * 2**20
    reply_bytes: int = 2 * GIB
    frames: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationFacts:
    """The isolation really in force for one worker, as checked at its start.

    `landlock_abi` is 0 where Landlock is not in force; `filter_sha256` is over both filters as assembled for process
    id 0, "" where none is in force; `uid` is the id inside; `checks` says what was tried from inside and from the
    parent, and that it held; `limits` are the limits as the kernel reports them; `refused` says which backends were
    tried before and why they were not taken.
    """

    backend: str
    landlock_abi: int
    filter_sha256: str
    uid: int
    checks: Mapping[str, bool]
    limits: Mapping[str, int]
    refused: tuple[str, ...] = field(default=())
