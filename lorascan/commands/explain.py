"""`lorascan explain`: prints the manual of a rule."""

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
    typer.echo(text)


COMMAND = Command(name="explain", run=explain)
