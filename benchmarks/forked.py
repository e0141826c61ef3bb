"""Runs one console script again and again, each time in a child process forked from a parent that has imported it.

    python forked.py NAME WARM_ARGUMENT...      # run by `benchmarks.file_gate` with another environment's interpreter

A line of standard input is a JSON object with "arguments", "folder" and "seconds"; the line that answers it holds "code" (None
for a child that was killed), "seconds" of wall time and whether the child's standard error holds a "traceback". The script is run
once with WARM_ARGUMENT first, so that what it imports late is there for every child alike. Standard library alone.
"""

import importlib.metadata
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NoReturn

Main = Callable[[], Any]


def script(name: str) -> Main:
    """The function behind a console script."""
    (found,) = importlib.metadata.entry_points(group="console_scripts", name=name)
    main: Main = found.load()
    return main


def ended(main: Main, name: str, arguments: list[str]) -> int:
    """The exit code that the script would end with."""
    sys.argv = [name, *arguments]
    try:
        answer = main()
    except SystemExit as end:
        answer = end.code
    if answer is None or isinstance(answer, int):
        return answer or 0
    print(answer, file=sys.stderr)
    return 1


def silenced(folder: str, errors: int) -> None:
    """Nothing to read, standard output dropped, standard error into a file."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(errors, 2)
    os.chdir(folder)


def child(main: Main, name: str, asked: dict[str, Any], errors: int) -> NoReturn:
    """Run the script in this process, which ends as the interpreter would end it."""
    os.setsid()
    silenced(asked["folder"], errors)
    sys.exit(ended(main, name, asked["arguments"]))


def answered(main: Main, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait no longer than asked, say how it ended."""
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = os.fork()
        if process == 0:
            child(main, name, asked, errors.fileno())
        code = waited(process, began + asked["seconds"])
        taken = time.perf_counter() - began
        errors.seek(0)
        return {"code": code, "seconds": round(taken, 3), "traceback": b"Traceback (most recent call last)" in errors.read()}


def waited(process: int, until: float) -> int | None:
    """The exit code, or None for a child that a signal ended or that had to be killed."""
    while time.perf_counter() < until:
        pid, status = os.waitpid(process, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else None
        time.sleep(0.005)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def main() -> None:
    """Import, warm, answer until standard input ends."""
    name, *warm = sys.argv[1:]
    run, told, asked = script(name), os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0))
    silenced(tempfile.gettempdir(), os.dup(2))
    ended(run, name, warm)
    for line in asked:
        told.write(json.dumps(answered(run, name, json.loads(line))) + "\n")
        told.flush()


if __name__ == "__main__":
    main()
