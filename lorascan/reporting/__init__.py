"""Renders a report: one file a format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from lorascan.core.catalogue import members
from lorascan.core.errors import UsageError
from lorascan.core.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a terminal wants its text; formats other than text ignore it.

    `width` is in columns; `written` names the files that the caller has written, to be told at the end.
    """

    colour: bool = False
    width: int = 80
    ascii_only: bool = False
    written: tuple[str, ...] = ()


PLAIN = Look()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write reports.

    `render` writes one report, `render_all` several in one document (None: one file each), `load` reads back what
    `render` wrote (None: it cannot). `suffixes` are lower case with their dot; `aliases` are further names.
    """

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Report, Look], str]
    aliases: tuple[str, ...] = ()
    render_all: Callable[[Sequence[Report], Look], str] | None = None
    load: Callable[[str], Report] | None = None


def formats() -> dict[str, Format]:
    """Format name → format, in name order; aliases are left out."""
    found = members(__name__, "FORMAT", Format).values()
    return {each.name: each for each in sorted(found, key=lambda one: one.name)}


def format_named(name: str) -> Format:
    """The format of this name or alias. Raises UsageError."""
    known = formats()
    for each in known.values():
        if name in (each.name, *each.aliases):
            return each
    message = f"unknown format {name!r}; known are {', '.join(known)}"
    raise UsageError(message)


def format_for(path: PurePath) -> Format:
    """The format that a file's suffix asks for. Raises UsageError."""
    for each in formats().values():
        if path.suffix.lower() in each.suffixes:
            return each
    known = ", ".join(suffix for each in formats().values() for suffix in each.suffixes)
    message = f"no format has the suffix {path.suffix!r}; known are {known}"
    raise UsageError(message)


def render(report: Report, format_name: str = "text", look: Look = PLAIN) -> str:
    """The report in one format. Raises UsageError where no such format exists."""
    return format_named(format_name).render(report, look)


def render_all(reports: Sequence[Report], format_name: str = "text", look: Look = PLAIN) -> str:
    """Several reports in one document. Raises UsageError where the format writes one file a report."""
    chosen = format_named(format_name)
    if chosen.render_all is None:
        message = f"{chosen.name} holds one report a file: give a folder"
        raise UsageError(message)
    return chosen.render_all(reports, look)


def load(text: str) -> Report:
    """The report that a JSON result holds, without its pictures. Raises UsageError where it is none."""
    reader = formats()["json"].load
    if reader is None:
        message = "the json format cannot read"
        raise UsageError(message)
    return reader(text)
