"""What a sandbox backend is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lorascan.sandbox.reach import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a backend is to start: what the worker may read, its whole environment, all its bytes and threads."""

    reach: Reach
    environment: Mapping[str, str]
    memory_bytes: int
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A worker that somebody else starts for us, such as a container's engine.

    Descriptors do not reach it: requests come by its stdin, answers go by its stdout, sealed bytes are sent. `process`
    is a command line that prints its process id as seen from here, `environment` what the engine's own programs need,
    `limits` what the engine was asked to bound, by name.
    """

    process: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a backend starts the launcher.

    `prefix` goes before the interpreter; `locked` says whether the launcher locks itself, `uncover` whether it may
    open root's own folders in a mount namespace of its own, `own_processes` whether the worker's parent is hidden by
    a process namespace.
    """

    prefix: tuple[str, ...] = ()
    locked: bool = True
    uncover: bool = False
    own_processes: bool = False
    apart: Apart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A way to start a locked worker.

    `place` orders the automatic choice, lowest first; None means: only when asked for by name. `command` raises
    Unavailable where this machine lacks what it takes. `remedy` is what helps where it was asked for and is not to be had.
    """

    place: int | None
    command: Callable[[Wanted], Command] = field(repr=False)
    remedy: str = (
        "run on Linux 5.13 or newer with Landlock switched on, in a container whose profile allows it; "
        "install bubblewrap and allow it user namespaces for a second wall"
    )
