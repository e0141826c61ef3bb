"""`lorascan probes list`: the suites there are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._fitting import fitted
from lorascan.commands._options import Told

if TYPE_CHECKING:
    from lorascan.hunting.wordings import Words
    from lorascan.probing.suites import Suite


def list_suites(
    folder: Annotated[Path | None, typer.Argument(help="A folder of suites; those that ship are listed too.", show_default=False)] = None,
    *,
    output_format: Annotated[Told, typer.Option("--format", "-f", help="How to tell it.")] = Told.TEXT,
) -> None:
    """List the suites that ship, and those of a folder: one line each, the SHA-256 as reports cite it."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.core.text import visible  # noqa: PLC0415
    from lorascan.hunting.wordings import shipped_words  # noqa: PLC0415
    from lorascan.probing.suites import read_suite, shipped_suites  # noqa: PLC0415

    found = [("ships", each) for each in shipped_suites().values()]
    if folder is not None:
        if not folder.is_dir():
            message = f"{folder} is no folder"
            raise UsageError(message)
        found += [(path.name, read_suite(path)) for path in sorted(folder.glob("*.toml"))]
    written = shipped_words().values()
    if output_format is Told.JSON:
        told = [{"from": where, **summary(each)} for where, each in found] + [
            {"from": "ships", **summary_of_words(each)} for each in written
        ]
        typer.echo(json.dumps(told, indent=1, sort_keys=True))
        return
    width = max(len(visible(each.id, 40)) for _, each in found)
    for where, each in found:
        families = ", ".join(each.families) or "any base"
        line = f"{visible(each.id, 40):<{width}}  version {each.version}  {len(each.prompt)} prompts  for {visible(families, 60)}  "
        line += f"{visible(each.licence, 30)}  {each.sha256[:16]}  {visible(where, 60)}"
        typer.echo("\n".join(fitted(line, width + 2)))
    for words in written:
        families = ", ".join(words.families) or "any base"
        about = f"version {words.version}  words: {words.purpose}  for {families}"
        typer.echo("\n".join(fitted(f"{words.id:<{width}}  {about}  {words.licence}  {words.sha256[:16]}  ships", width + 2)))


def summary_of_words(words: "Words") -> dict[str, object]:
    """What is told of a word suite beside its lists."""
    return {
        "id": words.id,
        "version": words.version,
        "licence": words.licence,
        "source": words.source,
        "description": words.description,
        "purpose": words.purpose,
        "families": list(words.families),
        "words": {name: len(each) for name, each in words.lists.items()},
        "sha256": words.sha256,
    }


def summary(suite: "Suite") -> dict[str, object]:
    """What is told of a suite beside its prompts."""
    return {
        "id": suite.id,
        "version": suite.version,
        "licence": suite.licence,
        "source": suite.source,
        "description": suite.description,
        "families": list(suite.families),
        "prompts": len(suite.prompt),
        "scales": list(suite.scales),
        "seeds": list(suite.seeds),
        "sha256": suite.sha256,
    }


COMMAND = Command(name="list", run=list_suites, group="probes")
