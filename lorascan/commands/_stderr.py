"""Speaks to the user beside the output."""

import sys

from lorascan.core.text import visible

_LONGEST = 600


def say(message: str) -> None:
    """One line on stderr, foreign text made visible."""
    sys.stderr.write(f"lorascan: {visible(message, _LONGEST)}\n")
