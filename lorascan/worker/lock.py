"""What every worker of an audit may read and use."""

from collections.abc import Iterable
from pathlib import Path

from lorascan.sandbox import Lock
from lorascan.settings import WorkerLimits


def lock_for(limits: WorkerLimits, folders: Iterable[Path]) -> Lock:
    """The lock of a worker that reads these folders of models, and the cache entries that they belong to."""
    read = tuple(folder.resolve() for folder in folders)
    cached = tuple(folder.parent.parent for folder in read if folder.parent.name == "snapshots")
    return Lock(
        read_paths=(*read, *cached),
        memory_bytes=limits.memory_bytes,
        threads=limits.threads,
        start_seconds=limits.start_seconds,
        idle_seconds=limits.idle_seconds,
        wall_seconds=limits.wall_seconds,
    )
