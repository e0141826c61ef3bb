"""Renders a report: one file a format."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from lorascan.core.catalogue import members
from lorascan.core.errors import UsageError
from lorascan.core.findings import Severity
from lorascan.core.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a reader wants a report.

    `width` is in columns; `written` names the files that the caller has written, to be told at the end. `least` is the
    least severity that is shown to people; formats for machines hold every finding.
    `whole`: of several reports each in full, where people otherwise get a line each and what speaks against some.
    """

    colour: bool = False
    width: int = 80
    ascii_only: bool = False
    written: tuple[str, ...] = ()
    least: Severity = Severity.INFO
    whole: bool = False


PLAIN = Look()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write reports.

    `render` writes one report, `pieces` several in one document (None: one file each), piece by piece: reports may be many, are
    read back each time that they are looked at, and a format holds few of them at once. `load` reads back what `render` wrote
    (None: it cannot). `suffixes` are lower case with their dot, the usual one first; `aliases` are further
    names. A format that is no text has `pack`, which writes bytes, and cannot be printed. `commands`: each line is a
    command to a CI system, which is what the format is for.
    """

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Report, Look], str]
    aliases: tuple[str, ...] = ()
    pieces: Callable[[Sequence[Report], Look], Iterator[str]] | None = None
    load: Callable[[str], Report] | None = None
    pack: Callable[[Sequence[Report]], bytes] | None = None
    commands: bool = False


def formats() -> dict[str, Format]:
    """Format name → format, in name order; aliases are left out."""
    found = members(__name__, "FORMAT", Format).values()
    return {each.name: each for each in sorted(found, key=lambda one: one.name)}


def format_named(name: str) -> Format:
    """The format of this name or alias. Raises UsageError.

    A module is called as its format, perhaps with more behind: where one of these has the name, the others and their libraries
    are not imported.
    """
    for beginning in (name, ""):
        for each in members(__name__, "FORMAT", Format, beginning).values():
            if name in (each.name, *each.aliases):
                return each
    message = f"unknown format {name!r}; known are {', '.join(formats())}"
    raise UsageError(message)


def format_for(path: PurePath) -> Format:
    """The format that a file's suffix asks for, the longest that fits. Raises UsageError."""
    fitting = [(len(suffix), each) for each in formats().values() for suffix in each.suffixes if path.name.lower().endswith(suffix)]
    if fitting:
        return max(fitting, key=lambda one: one[0])[1]
    message = f"no format has the suffix {path.suffix!r}; known are {', '.join(known_suffixes())}"
    raise UsageError(message)


def known_suffixes() -> tuple[str, ...]:
    """Every suffix that a format is known by, in the formats' order."""
    return tuple(suffix for each in formats().values() for suffix in each.suffixes)


def render(report: Report, format_name: str = "text", look: Look = PLAIN) -> str:
    """The report in one format. Raises UsageError where no such format exists."""
    return format_named(format_name).render(report, look)


def render_all(reports: Sequence[Report], format_name: str = "text", look: Look = PLAIN) -> str:
    """Several reports in one document. Raises UsageError where the format writes one file a report."""
    chosen = format_named(format_name)
    if chosen.pieces is None:
        message = f"{chosen.name} holds one report a file: give a folder"
        raise UsageError(message)
    return "".join(chosen.pieces(reports, look))


def load(text: str) -> Report:
    """The report that a JSON result holds, without its pictures. Raises UsageError where it is none."""
    reader = formats()["json"].load
    if reader is None:
        message = "the json format cannot read"
        raise UsageError(message)
    return reader(text)
