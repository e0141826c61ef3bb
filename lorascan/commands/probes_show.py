"""`lorascan probes show`: one suite, whole."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._options import Told
from lorascan.commands.probes_list import summary, summary_of_words

if TYPE_CHECKING:
    from lorascan.hunting.wordings import Words
    from lorascan.probing.suites import Suite


def show_suite(
    suite: Annotated[str, typer.Argument(help="The id of a suite that ships, or a TOML file.", show_default=False)],
    *,
    output_format: Annotated[Told, typer.Option("--format", "-f", help="How to tell it.")] = Told.TEXT,
) -> None:
    """Print one suite: licence, SHA-256, scales, seeds, concepts, controls and every prompt."""
    from lorascan.core.text import visible  # noqa: PLC0415 - the help stays light
    from lorascan.hunting.wordings import shipped_words  # noqa: PLC0415

    if suite in shipped_words():
        _show_words(shipped_words()[suite], output_format)
        return
    found = suite_named(suite)
    lists = {"concepts": list(found.concepts), "controls": list(found.controls)}
    if output_format is Told.JSON:
        prompts = [{"text": each.text, "concept": each.concept} for each in found.prompt]
        typer.echo(json.dumps(summary(found) | lists | {"prompts": prompts}, indent=1, sort_keys=True))
        return
    for name, value in (summary(found) | lists).items():
        shown = ", ".join(map(str, value)) or "any base" if isinstance(value, list) else str(value)
        typer.echo(f"{name:<12} {visible(shown, 1000)}")
    typer.echo("")
    for number, each in enumerate(found.prompt, 1):
        typer.echo(f"{number:>4}  {'selects ' if number % 2 else 'confirms'}  {visible(each.plain, 240)}")


def _show_words(words: "Words", output_format: Told) -> None:
    """A word suite whole: its templates and lists, unprintable characters made visible."""
    from lorascan.core.text import visible  # noqa: PLC0415

    if output_format is Told.JSON:
        whole = summary_of_words(words) | {
            "templates": list(words.templates),
            "lists": {name: list(each) for name, each in words.lists.items()},
        }
        typer.echo(json.dumps(whole, indent=1, sort_keys=True))
        return
    escaped = words.purpose == "unicode"
    lists = {name: [ascii(word)[1:-1] if escaped else word for word in each] for name, each in words.lists.items()}
    for name, value in (summary_of_words(words) | lists).items():
        shown = ", ".join(map(str, value)) or "any base" if isinstance(value, list) else str(value)
        typer.echo(f"{name:<12} {visible(shown, 3000)}")
    for template in words.templates:
        typer.echo(f"             {visible(template, 240)}")


def suite_named(name: str) -> "Suite":
    """A suite that ships, by its id, or the one of a TOML file. Raises UsageError."""
    import difflib  # noqa: PLC0415 - the help stays light

    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.hunting.wordings import shipped_words  # noqa: PLC0415
    from lorascan.probing.suites import read_suite, shipped_suites  # noqa: PLC0415

    if name.endswith(".toml") or "/" in name:
        return read_suite(Path(name))
    known = shipped_suites()
    if name not in known:
        every = [*known, *shipped_words()]
        near = difflib.get_close_matches(name, every, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"no suite {name!r}.{hint} Known are {', '.join(every)}, and a TOML file"
        raise UsageError(message)
    return known[name]


COMMAND = Command(name="show", run=show_suite, group="probes")
