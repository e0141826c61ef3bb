"""`lorascan probes validate`: is a suite of one's own well written?"""

from pathlib import Path
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._stderr import say

_WRONG = 2


def validate(files: Annotated[list[Path], typer.Argument(help="TOML files of suites.", show_default=False)]) -> None:
    """Read suites of your own and say everything that is wrong with them: exit 0 where nothing is, else 2."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.core.text import visible  # noqa: PLC0415
    from lorascan.probing.suites import problems_of, read_suite  # noqa: PLC0415

    wrong = 0
    for path in files:
        try:
            problems = problems_of(path)
        except UsageError as error:
            problems = (str(error),)
        for each in problems:
            say(f"{path}: {each}", "error")
        wrong += bool(problems)
        if not problems:
            suite = read_suite(path)
            typer.echo(f"{visible(str(path), 200)}: valid, {len(suite.prompt)} prompts, sha256 {suite.sha256}")
    if wrong:
        raise typer.Exit(_WRONG)


COMMAND = Command(name="validate", run=validate, group="probes")
