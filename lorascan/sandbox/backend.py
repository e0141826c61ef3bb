"""What a sandbox backend is."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lorascan.sandbox.reach import Reach


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A way to start a locked worker.

    `place` orders the automatic choice, lowest first; None means: only when asked for by name. `command` raises
    Unavailable where this machine lacks what it takes.
    """

    place: int | None
    command: Callable[[Reach, dict[str, str]], Command] = field(repr=False)
