"""Puts reports where the caller wants them."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lorascan.commands._stderr import say, silence
from lorascan.core.atomic import write_atomically
from lorascan.core.behaviour import ProbeFacts
from lorascan.core.errors import UsageError
from lorascan.core.findings import Severity
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, format_for, format_named, formats
from lorascan.reporting._stencil import own_format

STDOUT = Path("-")
_MOST_VERDICTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sinks:
    """The format of stdout, and every file with its format."""

    printed: Format
    files: tuple[tuple[Path, Format], ...]


def sinks(output_format: str, outputs: Sequence[str], *, many: bool, template: Path | None = None) -> Sinks:
    """Where reports go, checked before any work is done: PATH by its suffix, or FORMAT=PATH. Raises UsageError.

    template: a Jinja template of the caller's own; what it writes goes to stdout unless `outputs` sends it elsewhere.
    """
    own = own_format(template) if template else None
    wanted = [_sink(each, own) for each in outputs]
    if own and own not in (kind for _, kind in wanted):
        wanted.append((STDOUT, own))
    printed = [kind for path, kind in wanted if path == STDOUT] or [format_named(output_format)]
    if len(printed) > 1:
        message = "stdout takes one report: give - once"
        raise UsageError(message)
    if printed[0].pack is not None:
        message = f"{printed[0].name} is no text: say where it goes with -o"
        raise UsageError(message)
    files = tuple(sorted(((path, kind) for path, kind in wanted if path != STDOUT), key=lambda each: each[1] is own))  # it may yet fail
    for path, kind in files:
        if not path.absolute().parent.is_dir():
            message = f"{path}: there is no folder {path.parent}"
            raise UsageError(message)
        if many and kind.pieces is None and kind.pack is None:
            message = f"{path}: a {kind.name} report holds one adapter; audit the files one by one"
            raise UsageError(message)
    return Sinks(printed=printed[0], files=files)


def _sink(text: str, own: Format | None) -> tuple[Path, Format]:
    name, sign, rest = text.partition("=")
    every = [*formats().values(), *([own] if own else [])]
    known = {alias: each for each in every for alias in (each.name, *each.aliases)}
    if sign and rest and name in known:
        return Path(rest), known[name]
    if sign and name == "template":
        message = f"{text} needs --template FILE"
        raise UsageError(message)
    if text == "-":
        message = "- needs a format: write -o FORMAT=-, or use -f"
        raise UsageError(message)
    return Path(text), format_for(Path(text))


def write(reports: Sequence[Report], into: Sinks, look: Look, *, many: bool) -> tuple[list[str], bool]:
    """Write every file; one that cannot be written is told with the verdict. Returns names written, and any failure."""
    written, failed = [], False
    for path, kind in into.files:
        if not reports:
            continue
        try:
            write_atomically(path, kind.pack(reports) if kind.pack else _rendered(kind, reports, look, many=many))
            written.append(str(path))
        except OSError as error:
            failed = True
            say(f"cannot write {path}: {error.strerror or error}; {verdicts(reports)}", "error")
    return written, failed


def _rendered(kind: Format, reports: Sequence[Report], look: Look, *, many: bool) -> Iterator[str]:
    """The reports in a format of text, in pieces: a list where several could have been meant, else the one."""
    if many and kind.pieces is not None:
        yield from kind.pieces(reports, look)
    elif reports:
        yield kind.render(reports[0], look)


def show(reports: Sequence[Report], into: Sinks, look: Look, *, many: bool) -> bool:
    """Print the reports; False where stdout does not take them, with the verdict told on stderr."""
    kind = into.printed
    if not reports and kind.name != "json":
        return True
    try:
        if reports or many:
            for each in _rendered(kind, reports, look, many=many):
                sys.stdout.write(each)
        sys.stdout.flush()
    except OSError as error:
        silence(sys.stdout)
        say(f"cannot print: {error.strerror or error}; {verdicts(reports)}", "error")
        return False
    return True


def without_pictures(report: Report) -> Report:
    """The report as if no picture had been kept; every number that was measured on them stays."""
    facts = tuple(replace(each, pictures=()) if isinstance(each, ProbeFacts) else each for each in report.evidence.facts)
    return replace(report, evidence=replace(report.evidence, facts=facts))


def verdicts(reports: Sequence[Report]) -> str:
    """What was decided, for a reader who gets no report."""
    found = [report.verdict.decision for report in reports]
    if len(found) <= _MOST_VERDICTS:
        return "the verdict was: " + ", ".join(found)
    return "the verdicts were: " + ", ".join(f"{found.count(each):,} {each}" for each in dict.fromkeys(found))


def look_of(color: str, least: Severity = Severity.INFO, written: Sequence[str] = (), *, whole: bool = False) -> Look:
    """How stdout wants its text; `color` is auto, always or never, `written` names the files that are written already.

    `whole`: each of several files in full.
    """
    wanted = {"always": True, "never": False}.get(color)
    if wanted is None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        wanted = bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and not plain)
    encoding = (sys.stdout.encoding or "ascii").lower()
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    return Look(colour=wanted, width=width, ascii_only="utf" not in encoding, least=least, written=tuple(written), whole=whole)


def file_look(least: Severity = Severity.INFO, *, whole: bool = False) -> Look:
    """How a file wants its text."""
    return replace(look_of("never"), least=least, whole=whole)
