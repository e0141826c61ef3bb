"""What every worker of an audit may read and use."""

from collections.abc import Iterable
from pathlib import Path

from lorascan.core.errors import Unavailable
from lorascan.sandbox import Lock, nvidia
from lorascan.settings import Settings, WorkerLimits


def lock_for(limits: WorkerLimits, folders: Iterable[Path], devices: tuple[str, ...] = ()) -> Lock:
    """The lock of a worker that reads these folders of models, and the cache entries that they belong to."""
    read = tuple(folder.resolve() for folder in folders)
    cached = tuple(folder.parent.parent for folder in read if folder.parent.name == "snapshots")
    return Lock(
        read_paths=(*read, *cached),
        devices=devices,
        memory_bytes=limits.memory_bytes,
        threads=limits.threads,
        start_seconds=limits.start_seconds,
        idle_seconds=limits.idle_seconds,
        wall_seconds=limits.wall_seconds,
    )


def backend_of(settings: Settings) -> str:
    """The sandbox's own name of the isolation that was asked for: to go without takes a long word on the command line."""
    return "none" if settings.isolation == "none-at-my-own-risk" else settings.isolation


def devices_of(settings: Settings) -> tuple[str, ...]:
    """The device nodes that a worker needs; none on a CPU. Raises Unavailable where a GPU is asked for and not at hand."""
    if settings.device != "cuda":
        return ()
    missing = nvidia.missing()
    if missing:
        raise Unavailable(f"--device cuda: {missing}", "load NVIDIA's driver and let this process see its nodes, or use --device cpu")
    return nvidia.nodes()
