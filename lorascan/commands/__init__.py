"""The smaller commands: one file a command."""

from collections.abc import Callable
from dataclasses import dataclass

from lorascan.core.catalogue import members


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the command line.

    `run` has typer's annotations and a docstring that is its help. A module imports nothing heavy: every one is imported
    to print the help.
    """

    name: str
    run: Callable[..., None]
    epilog: str | None = None


def commands() -> tuple[Command, ...]:
    """Every command of this package, in name order."""
    return tuple(members(__name__, "COMMAND", Command).values())
