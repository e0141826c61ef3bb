"""`lorascan explain`: prints the manual of a rule."""

from collections.abc import Iterator
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands import _fitting as fitting


def explain(code: Annotated[str, typer.Argument(help="A rule's code or name, such as LS801 or hidden-trigger.")]) -> None:
    """Print the manual of a rule."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.detectors import manual, rules  # noqa: PLC0415

    named = next((each.code for each in rules().values() if each.name == code.lower()), code.upper())
    text = manual(named)
    if text is None:
        message = f"no rule {code!r}; `lorascan rules` lists them"
        raise UsageError(message)
    typer.echo("\n".join(_fitted(text, min(fitting.width(), _WIDEST))) if fitting.is_terminal() else text)


def _fitted(text: str, width: int) -> Iterator[str]:
    """The head line by line, then every paragraph broken anew at the terminal's width; a list or a formula keeps its lines."""
    from lorascan.reporting._terminal import wrap  # noqa: PLC0415

    for paragraph in text.rstrip().split("\n\n"):
        lines = paragraph.split("\n")
        if text.startswith(paragraph):
            yield from (each for line in lines for each in wrap(line, width))
        elif any(line.startswith((" ", "-", "*", "|")) for line in lines):
            yield from lines
        else:
            yield from wrap(" ".join(lines), width)
        yield ""


_WIDEST = 100
"""Columns; longer lines are hard to read."""


COMMAND = Command(name="explain", run=explain)
