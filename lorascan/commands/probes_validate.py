"""`lorascan probes validate`: is a suite of one's own well written?"""

from pathlib import Path
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._stderr import say

_WRONG = 2
_MOST = 20
"""Problems told of one file."""


def validate(files: Annotated[list[Path], typer.Argument(help="TOML files of suites.", show_default=False)]) -> None:
    """Read suites of your own, of probes or of words, and say what is wrong with them: exit 0 where nothing is, else 2."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.core.text import visible  # noqa: PLC0415
    from lorascan.hunting.wordings import Words  # noqa: PLC0415
    from lorascan.probing.suites import Suite, words_or_suite_or_problems  # noqa: PLC0415

    wrong = 0
    for path in files:
        try:
            found = words_or_suite_or_problems(path)
        except UsageError as error:
            found = (str(error),)
        if isinstance(found, Suite):
            typer.echo(f"{visible(str(path), 200)}: valid, {len(found.prompt)} prompts, sha256 {found.sha256}")
            continue
        if isinstance(found, Words):
            count = sum(map(len, found.lists.values()))
            typer.echo(f"{visible(str(path), 200)}: valid, {len(found.templates)} templates, {count} words, sha256 {found.sha256}")
            continue
        wrong += 1
        for each in found[:_MOST]:
            say(f"{path}: {each}", "error")
        if len(found) > _MOST:
            say(f"{path}: and {len(found) - _MOST:,} more", "error")
    if wrong:
        raise typer.Exit(_WRONG)


COMMAND = Command(name="validate", run=validate, group="probes")
