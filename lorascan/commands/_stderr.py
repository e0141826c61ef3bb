"""Speaks to the user beside the output."""

import json
import os
import sys
from dataclasses import dataclass
from typing import TextIO

from lorascan.core.text import visible

_LONGEST = 600


@dataclass(slots=True, kw_only=True)
class _Tone:
    """How this process speaks: `as_json` one object a line, `verbose` also what is usually left unsaid."""

    as_json: bool = False
    verbose: bool = False


_TONE = _Tone()


def speak(*, as_json: bool, verbose: bool) -> None:
    """Choose how everything from now on is said."""
    _TONE.as_json, _TONE.verbose = as_json, verbose


def say(message: str, level: str = "warning") -> None:
    """One line on stderr, foreign text made visible; where stderr takes nothing, the exit code alone tells."""
    shown = visible(message, _LONGEST)
    line = json.dumps({"level": level, "message": shown}) if _TONE.as_json else f"lorascan: {shown}"
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def note(message: str) -> None:
    """What only `--verbose` says."""
    if _TONE.verbose:
        say(message, "info")


def silence(stream: TextIO) -> None:
    """Let what is still to be flushed to a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
