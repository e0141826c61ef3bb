"""Renders reports by a Jinja template of the user's own, where it can be killed."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import Unavailable, UsageError
from lorascan.core.report import Report
from lorascan.reporting import PLAIN, Format, Look, formats
from lorascan.reporting._foreign import foreign

CPU_SECONDS = 10
"""What a template may take. An honest one takes milliseconds for a report, seconds for a thousand."""
MOST_BYTES = 16 * 2**20
"""Of what it writes: the page of ours stays within 6 MB."""
_WALL_SECONDS = 300.0  # a machine that is this busy has not judged the template
_MEMORY, _MEMORY_PER_BYTE = 2**30, 12  # of address space, beside what the reports themselves take once they are read
_LONGEST_TEMPLATE = 2**20
_LONGEST_TEXT = 20_000
"""Characters of one text of a report; JSON has the whole."""
_ENDINGS = (".j2", ".jinja", ".jinja2")
_MARKUP = (".html", ".htm", ".xhtml", ".xml", ".svg")
_CHILD = Path(__file__).with_name("_stencil_child.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stencil:
    """A template that parses: its file, its text, whether what it prints is escaped as markup."""

    path: PurePath
    text: str
    autoescape: bool


def own_format(path: Path) -> Format:
    """The format that a template makes; it is parsed now, so that no audit waits for a mistyped one.

    Its variables are those of the JSON report: `reports`, and `report` where there is exactly one. Every text in them is one
    visible line, without what drives a terminal or a runner, and is escaped where the template's name ends as markup does
    (.html, .xml, … before .j2). Raises UsageError where it cannot be read or is no template, with its line.
    """
    stencil = _Stencil(path=path, text=_read(path), autoescape=escapes(path))
    _run(stencil, None)

    def render(report: Report, _: Look) -> str:
        return _run(stencil, [report])

    def pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
        yield _run(stencil, reports)

    return Format(name="template", suffixes=(), render=render, pieces=pieces)


def escapes(path: PurePath) -> bool:
    """Whether a template of this name writes markup."""
    name = path.name.lower()
    for each in _ENDINGS:
        name = name.removesuffix(each)
    return name.endswith(_MARKUP)


def _read(path: Path) -> str:
    try:
        return read_bounded(path, _LONGEST_TEMPLATE, "template").decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the template {path} is no UTF-8 text"
        raise UsageError(message) from error


def _run(stencil: _Stencil, reports: Sequence[Report] | None) -> str:
    """What the template writes of the reports; None only checks it. Raises UsageError with the line, Unavailable."""
    context = None if reports is None else [_harmless(json.loads(formats()["json"].render(each, PLAIN))) for each in reports]
    asked = {"text": stencil.text, "autoescape": stencil.autoescape, "reports": context, "seconds": CPU_SECONDS, "most": MOST_BYTES}
    told = json.dumps(asked)
    question = json.dumps(asked | {"memory": _MEMORY + _MEMORY_PER_BYTE * len(told)}).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and program; the template goes to its stdin
            [sys.executable, "-P", "-B", str(_CHILD)], input=question, capture_output=True, timeout=_WALL_SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("the template was not rendered", "this machine is too busy: try again") from error
    except OSError as error:
        raise Unavailable("the template was not rendered", f"no child process: {error.strerror}") from error
    if done.returncode == 0:
        return done.stdout.decode("utf-8")
    decided = "" if reports is None else "; the verdict was: " + ", ".join(each.verdict.decision for each in reports[:20])
    problem = _problem(done.returncode, done.stderr)
    hint = "; of several adapters a template gets `reports`" if "'report' is undefined" in problem else ""
    message = f"{stencil.path}{problem}{hint}{decided}"
    raise UsageError(message)


def _problem(code: int, said: bytes) -> str:
    """Why the child ended so, as ":LINE: message" or ": message"."""
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f": the template takes more than {CPU_SECONDS} s to render"
    try:
        told = json.loads(said)
        line, message = told["line"], foreign(str(told["message"]), 600)
    except (ValueError, TypeError, KeyError):
        return f": the template could not be rendered, its process ended with {code}"
    return f":{line}: {message}" if isinstance(line, int) else f": {message}"


def _harmless(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """A JSON value whose every text, keys too, is one visible line."""
    if isinstance(value, str):
        return foreign(value, _LONGEST_TEXT)
    if isinstance(value, dict):
        return {foreign(key, _LONGEST_TEXT): _harmless(each) for key, each in value.items()}
    return [_harmless(each) for each in value] if isinstance(value, list) else value
