"""`lorascan explain`: prints the manual of a rule."""

import shutil
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from lorascan.commands import Command


def explain(code: Annotated[str, typer.Argument(help="A rule code, such as LS801.")]) -> None:
    """Print the manual of a rule."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.detectors import manual  # noqa: PLC0415

    text = manual(code.upper())
    if text is None:
        message = f"no rule {code!r}; `lorascan rules` lists them"
        raise UsageError(message)
    width = shutil.get_terminal_size().columns
    typer.echo("\n".join(_fitted(text, min(width, _WIDEST))) if _is_terminal() else text)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


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
