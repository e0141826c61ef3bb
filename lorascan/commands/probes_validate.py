"""`lorascan probes validate`: is a suite of one's own well written?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.hunting.wordings import Words
    from lorascan.probing.suites import Suite

_WRONG = 2
_MOST = 20
"""Problems told of one file."""


def validate(
    files: Annotated[list[Path], typer.Argument(help="TOML files of suites, or ids of suites that ship.", show_default=False)],
) -> None:
    """Read suites of your own, of probes or of words, and say what is wrong with them: exit 0 where nothing is, else 2."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.core.text import visible  # noqa: PLC0415
    from lorascan.hunting.wordings import Words  # noqa: PLC0415
    from lorascan.probing.suites import Suite, words_or_suite_or_problems  # noqa: PLC0415

    wrong = 0
    for path in files:
        try:
            found = _shipped(path) or words_or_suite_or_problems(path)
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


def _shipped(path: Path) -> "Suite | Words | None":
    """The suite that ships under this name, as `probes show` takes it, where no file is called so."""
    from lorascan.hunting.wordings import shipped_words  # noqa: PLC0415
    from lorascan.probing.suites import shipped_suites  # noqa: PLC0415

    if path.suffix or len(path.parts) > 1 or path.exists():
        return None
    return shipped_suites().get(path.name) or shipped_words().get(path.name)


COMMAND = Command(name="validate", run=validate, group="probes")
