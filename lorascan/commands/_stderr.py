"""Speaks to the user beside the output."""

import os
import sys

from lorascan.core.text import visible

_LONGEST = 600


def say(message: str) -> None:
    """One line on stderr, foreign text made visible; where stderr takes nothing, the exit code alone tells."""
    try:
        sys.stderr.write(f"lorascan: {visible(message, _LONGEST)}\n")
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
