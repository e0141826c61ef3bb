"""A program that runs Python source inside the lock: attack it."""

import contextlib
import io
import sys
import traceback
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lorascan.sandbox.serve import Program, Reply, Request

_MOST_CHARACTERS = 8000
"""Of the output's end; even where each becomes an escape of six bytes, or twelve, it fits a RESULT frame."""


def prepare(_: Mapping[str, Any]) -> Program:
    """Nothing to load."""
    return Program(operations={"run": run, "perform": perform})


def run(request: Request) -> Reply:
    """Execute `source`; the answer's `output` is the end of what it printed, with its traceback where it failed."""
    output = io.StringIO()
    code = str(request.arguments["source"])
    failed = False
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            exec(compile(code, "<payload>", "exec"), {"__name__": "__main__"})  # noqa: S102 - what this program is for
        except BaseException:  # noqa: BLE001 - whatever foreign code raises is what the caller wants to read
            failed = True
            traceback.print_exc(file=output)
    return Reply(result={"output": output.getvalue()[-_MOST_CHARACTERS:].encode("utf-8", "replace").decode(), "failed": failed})


def perform(request: Request) -> Reply:
    """Run the first blob, a Python file, as a program of its own; `code` is the exit code that it asks for.

    It writes to the worker's own stdout and stderr.
    """
    module = ModuleType("__main__")
    module.__file__ = _NAME
    sys.modules["__main__"] = module
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    code = _exit_code(bytes(request.blobs[0]), module)
    sys.stdout.flush()
    sys.stderr.flush()
    return Reply(result={"code": code})


_NAME = "payload.py"


def _exit_code(content: bytes, module: ModuleType) -> int:
    """What Python would exit with: 0 at the end, 1 after an exception, or what sys.exit was told."""
    try:
        exec(compile(content, _NAME, "exec"), module.__dict__)  # noqa: S102 - what this program is for
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return (left.code or 0) & 0xFF
        print(left.code, file=sys.stderr)  # noqa: T201 - as Python itself does
        return 1
    except BaseException:  # noqa: BLE001 - as above
        traceback.print_exc()
        return 1
    return 0
