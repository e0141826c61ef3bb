"""`lorascan inspect`: what one adapter holds, measured, without a verdict."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.inspecting import Inspection

REJECTED, NO_INPUT = 1, 4


class InspectFormat(StrEnum):
    """How the statistics are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class Grouping(StrEnum):
    """What one line of the table is."""

    MODULE = "module"
    BLOCK = "block"
    COMPONENT = "component"


def inspect(  # noqa: PLR0913 - one parameter an option
    file: Annotated[Path, typer.Argument(help="The adapter.", show_default=False)],
    *,
    output_format: Annotated[InspectFormat, typer.Option("--format", "-f", help="How to write it.")] = InspectFormat.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of stdout.", show_default=False)] = None,
    by: Annotated[Grouping, typer.Option(help="What one line of the table is.")] = Grouping.MODULE,
    loaders: Annotated[bool, typer.Option("--loaders", help="What diffusers, ComfyUI and InvokeAI each apply and drop.")] = False,
    entries: Annotated[bool, typer.Option("--entries", help="Also row and column norms, largest entry, kurtosis (slower).")] = False,
    base: Annotated[str | None, typer.Option(help="A base to measure against; see audit.", show_default=False)] = None,
    intruders: Annotated[bool, typer.Option("--intruders", help="Also intruder dimensions; needs --base, slow at first.")] = False,
) -> None:
    """Measure every update of an adapter: exact spectra, no verdict.

    With a base, norms relative to its weights, and numbers for kinds that depend on it. Nothing is loaded. Exits 1 for a
    file that is refused, 3 for one that cannot be read, 4 where there is none.
    """
    from lorascan.commands._inspection import RENDERERS  # noqa: PLC0415 - the help stays light
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    if output_format is InspectFormat.PARQUET and output is None:
        message = "parquet is no text: say where it goes with -o"
        raise UsageError(message)
    if intruders and base is None:
        message = "--intruders needs a base: name one with --base"
        raise UsageError(message)
    found = inspected(file, base, beside=True, intruders=intruders)
    content = RENDERERS[output_format.value](found, by.value, loaders=loaders or output_format is InspectFormat.JSON, entries=entries)
    write(content, output)


def inspected(file: Path, base: str | None, *, command: str = "inspect", beside: bool = False, intruders: bool = False) -> "Inspection":
    """The file, read and measured. Exits with the refusal's code where that fails; raises UsageError for a folder."""
    from lorascan.commands._one_file import demand_no_folder  # noqa: PLC0415
    from lorascan.core.errors import Refused  # noqa: PLC0415
    from lorascan.inspecting import inspect as run  # noqa: PLC0415

    if not file.exists():
        say(f"no adapter found at {file}")
        raise typer.Exit(NO_INPUT)
    demand_no_folder(file, command)
    try:
        return run(file, base, beside=beside, intruders=intruders)
    except Refused as refused:
        for each in refused.refusals:
            say(f"{file.name}: {each.code} {each.message} ({each.where})")
        raise typer.Exit(REJECTED) from refused


def write(content: bytes, output: Path | None) -> None:
    """To stdout, or to a file at once. Raises UsageError where it cannot be written."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    if output is None:
        sys.stdout.write(content.decode())
        sys.stdout.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        message = f"cannot write {output}: {error.strerror or error}"
        raise UsageError(message) from error


COMMAND = Command(name="inspect", run=inspect)
