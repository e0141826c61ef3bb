"""Renders one Jinja template in a process that may do nothing else.

Started by `_stencil` with one JSON object on stdin; the text goes to stdout, what went wrong as one JSON object to stderr.
"""

import codecs
import json
import pprint  # noqa: F401 - filters of Jinja import these when they are used, and then no file can be opened any more
import resource
import sys
import textwrap  # noqa: F401
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import jinja2.debug  # as above: for the line of an error
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

_NAME = "<template>"
"""What Jinja calls the file of a template that came as a string."""
_OTHERS = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)


class TooLong(ValueError):
    """The template writes more than it may."""


def main() -> None:
    """Read the question, give up every right that is left, check the template, render it where there is something to render."""
    asked = json.load(sys.stdin)
    sys.excepthook = _tell
    codecs.lookup("unicode_escape")  # what Jinja reads its string literals with; it too lies in a file
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    rooms = ImmutableSandboxedEnvironment(autoescape=asked["autoescape"], undefined=StrictUndefined, keep_trailing_newline=True)
    del rooms.globals["lipsum"]  # reads its words from a file
    for node in rooms.parse(asked["text"]).find_all(_OTHERS):
        message = "a template of your own stands alone: it cannot include, extend or import another"
        raise TemplateSyntaxError(message, node.lineno)
    template = rooms.from_string(asked["text"])
    if asked["reports"] is not None:
        _write(template.generate(_context(asked["reports"])), asked["most"])


def _context(reports: list[Any]) -> dict[str, Any]:
    """`reports` always; `report` where there is exactly one."""
    return {"reports": reports} | ({"report": reports[0]} if len(reports) == 1 else {})


def _write(pieces: Iterable[str], most: int) -> None:
    """Print what the template writes, at most so many bytes."""
    written = 0
    for each in pieces:
        raw = each.encode()
        written += len(raw)
        if written > most:
            message = f"it writes more than {most:,} bytes"
            raise TooLong(message)
        sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Any error at all, in place of a traceback: the template's line and what was wrong."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else _line(trace)
    told = {"MemoryError": "it needs more memory than it may have", "RecursionError": "it is nested, or calls itself, too deeply"}
    own = error.message if isinstance(error, jinja2.TemplateError) else str(error) if isinstance(error, TooLong) else None
    message = told.get(kind.__name__) or own or f"{kind.__name__}: {error}"
    sys.stderr.write(json.dumps({"line": line, "message": message[:1000]}))


def _line(trace: TracebackType | None) -> int | None:
    """The innermost line of the template on the way to the error."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _NAME:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


if __name__ == "__main__":
    main()
