"""`lorascan report`: renders a stored result again."""

from pathlib import Path
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands import _options as options
from lorascan.commands._late_help import FORMATS, LateHelp


def report(  # noqa: PLR0913 - one parameter an option
    result: Annotated[Path, typer.Argument(help="A JSON report of an earlier audit.", show_default=False)],
    *,
    output_format: Annotated[str, typer.Option("--format", "-f", help=f"What stdout gets: {FORMATS}.")] = "text",
    output: options.Output = None,
    template: options.Template = None,
    min_severity: options.MinSeverity = None,
    images: options.Images = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell each of several files in full.")] = False,
    color: options.Color = None,
) -> None:
    """Write the report of an earlier audit again, in any format.

    Nothing is audited and nothing is judged anew: the verdict is that of the result. JSON holds no pictures, so the page has
    none. Exits 0 where the result could be read and written, whatever its verdict; `verify` judges.
    """
    from lorascan.commands._results import entries_of, read_entry  # noqa: PLC0415 - the help stays light
    from lorascan.commands._sinks import file_look, look_of, show, sinks, without_pictures, write  # noqa: PLC0415
    from lorascan.core.findings import Severity  # noqa: PLC0415

    entries, many = entries_of(result)
    into = sinks(output_format, output or [], many=many, template=template)
    reports = [read_entry(each) for each in entries]
    reports = [without_pictures(each) for each in reports] if images is False else reports
    least = Severity(min_severity or "info")
    written, failed = write(reports, into, file_look(least, whole=verbose), many=many)
    if not show(reports, into, look_of(color or "auto", least, written, whole=verbose), many=many) or failed:
        raise typer.Exit(3)


COMMAND = Command(name="report", run=report, shape=LateHelp)
