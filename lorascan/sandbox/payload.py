"""A program that runs Python source inside the lock: attack it."""

import contextlib
import io
import traceback
from collections.abc import Mapping
from typing import Any

from lorascan.sandbox.serve import Program, Reply, Request

_MOST_CHARACTERS = 8000
"""Of the output's end; even where each becomes an escape of six bytes, or twelve, it fits a RESULT frame."""


def prepare(_: Mapping[str, Any]) -> Program:
    """Nothing to load."""
    return Program(operations={"run": run})


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
