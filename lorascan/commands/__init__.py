"""The smaller commands: one file a command."""

from collections.abc import Callable
from dataclasses import dataclass

from typer.core import TyperCommand

from lorascan.core.catalogue import members


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the command line.

    `run` has typer's annotations and a docstring that is its help. A module imports nothing heavy: every one is imported
    to print the help. `shape` is its class where it has one of its own; `group` puts it under a command of that name, as
    in `lorascan cache stats`.
    """

    name: str
    run: Callable[..., None]
    epilog: str | None = None
    group: str = ""
    shape: type[TyperCommand] | None = None


GROUPS = {
    "cache": "Results that are kept by the digest of their file.",
    "config": "The settings in force.",
    "probes": "The prompts that adapters are probed with.",
}
"""What a group's help says."""
EXIT_CODES_HELP = "Exit codes: 0 admit, 1 reject, 2 usage error, 3 could not decide, 4 no input matched, 5 review needed."


def commands(first: str = "") -> tuple[Command, ...]:
    """The command or the group whose name is `first`, the others not imported; every command where there is none. In name order."""
    named = members(__name__, "COMMAND", Command, first).values() if first.isidentifier() else ()
    return tuple(each for each in named if first in {each.name, each.group}) or tuple(members(__name__, "COMMAND", Command).values())
