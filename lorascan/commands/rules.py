"""`lorascan rules`: lists what is checked."""

import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._fitting import fitted

_FAMILIES = {
    "LS1": "the container",
    "LS2": "names and metadata",
    "LS3": "serialisation and folder",
    "LS4": "adapter config",
    "LS5": "keys and scope",
    "LS6": "numbers",
    "LS7": "loading",
    "LS8": "behaviour and triggers",
    "LS9": "the audit itself",
}
_PART = re.compile(r"^(In plain words|What it measures|Why it matters|When it is wrong|Source)\b")


class Page(StrEnum):
    """How the rules are written."""

    TEXT = "text"
    MARKDOWN = "markdown"


def rules(
    *, output_format: Annotated[Page, typer.Option("--format", "-f", help="text: one line a rule; markdown: the manual page.")] = Page.TEXT
) -> None:
    """List every rule: code, severity, name, what it says."""
    from lorascan.detectors import rules as every  # noqa: PLC0415 - the help stays light

    if output_format is Page.MARKDOWN:
        typer.echo(page(), nl=False)
        return
    for rule in every().values():
        columns = f"{rule.code}  {rule.severity:<7} {rule.name:<28} "
        typer.echo("\n".join(fitted(columns + rule.summary, len(columns))))


def page() -> str:
    """Every rule and every detector's manual, as Markdown."""
    return "\n".join((*_head(), *_table(), *_manuals())) + "\n"


def _head() -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield "Written by `make rules` from the detectors' own docstrings; `lorascan explain CODE` prints one manual."
    yield "A rule's severity is that of its worst case; the policy decides what follows from it. Codes are never reused."


def _table() -> Iterator[str]:
    from lorascan.detectors import rules as every  # noqa: PLC0415

    for prefix, title in _FAMILIES.items():
        found = [rule for rule in every().values() if rule.code.startswith(prefix)]
        if not found:
            continue
        yield from ("", f"## {prefix}xx: {title}", "", "| rule | name | severity | CWE | what it says |", "|---|---|---|---|---|")
        for rule in found:
            weaknesses = ", ".join(map(str, rule.cwe)) or "–"
            yield f"| {rule.code} | {rule.name} | {rule.severity} | {weaknesses} | {rule.summary} |"


def _manuals() -> Iterator[str]:
    from lorascan.detectors import detectors  # noqa: PLC0415
    from lorascan.detectors._weaknesses import cited  # noqa: PLC0415

    yield from ("", "## Manuals")
    for name, detector in detectors().items():
        title, _, text = (sys.modules[f"lorascan.detectors.{name}"].__doc__ or "").partition("\n\n")
        codes = ", ".join(rule.code for rule in detector.rules)
        weaknesses = tuple(sorted({number for rule in detector.rules for number in rule.cwe}))
        yield from ("", f"### {name} ({codes})", "", title)
        for paragraph in text.strip().split("\n\n"):
            yield ""
            yield _PART.sub(r"**\1**", paragraph)
        yield from ("", f"Weaknesses: {cited(weaknesses)}.")


COMMAND = Command(name="rules", run=rules)
