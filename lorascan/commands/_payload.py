"""Runs a foreign script inside the worker's lock."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lorascan.sandbox import IsolationFacts

PROGRAM = "lorascan.sandbox.payload"
_MOST_SOURCE = 4 * 2**20
_ADAPTER = b"sealed bytes in the place of an adapter"
_LINE_COMMAND = re.compile(r"^(\s*):(?=:)")
_ANYWHERE_COMMAND = re.compile(r"##(?=\[|vso)")
_LONGEST_LINE = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a script ended inside the lock.

    `output` is what it wrote to stdout and stderr, safe to print; `code` its exit code, None where it was ended;
    `how` says it in words.
    """

    isolation: "IsolationFacts"
    output: str
    code: int | None
    how: str
    seconds: float


def performed(path: Path, isolation: str, seconds: float) -> Ended:
    """Run the script in the lock of an audit's adapted worker, both filters on, for at most so many wall seconds.

    It may read what that worker may read, the lab base among it, and holds a sealed file in the place of the adapter.
    Raises UsageError for a file that cannot be read, Unavailable where no isolation can be had.
    """
    from dataclasses import replace  # noqa: PLC0415 - the help stays light

    from lorascan.bases._resolve import at_hand  # noqa: PLC0415
    from lorascan.sandbox import WorkerError, start  # noqa: PLC0415
    from lorascan.settings import DEFAULT  # noqa: PLC0415
    from lorascan.worker.lock import lock_for  # noqa: PLC0415

    source = _source(path)
    bases = at_hand()
    lock = lock_for(DEFAULT.worker, [bases["lab"]] if "lab" in bases else [])
    lock = replace(lock, idle_seconds=seconds, wall_seconds=seconds)
    with start(PROGRAM, lock, blobs={"adapter": _ADAPTER}, isolation=isolation) as session:
        began = time.monotonic()
        code: int | None = None
        try:
            answered = session.call("perform", {}, blobs=[source]).result.get("code")
            code = answered if isinstance(answered, int) else None
            how = f"it ended by itself with code {answered}"
        except WorkerError as error:
            how = str(error).partition("; it last wrote: ")[0]
        took = time.monotonic() - began
    return Ended(isolation=session.facts, output=printable(session.heard), code=code, how=how, seconds=took)


def printable(text: str) -> str:
    """Foreign text line by line: no control character but the line's end, no line that a CI log would obey."""
    from lorascan.core.text import visible  # noqa: PLC0415

    lines = (_ANYWHERE_COMMAND.sub("# #", _LINE_COMMAND.sub(r"\1: ", line)) for line in text.split("\n"))
    return "\n".join(visible(line.replace("\t", "    "), _LONGEST_LINE) for line in lines)


def _source(path: Path) -> bytes:
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            source = file.read(_MOST_SOURCE + 1)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise UsageError(message) from error
    if len(source) > _MOST_SOURCE:
        message = f"{path}: a payload has at most {_MOST_SOURCE} bytes"
        raise UsageError(message)
    return source
