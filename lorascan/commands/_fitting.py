"""Breaks lines at the terminal's width."""

import shutil
import sys
from collections.abc import Iterator

_LEAST = 20
"""Columns that a broken line's text gets at least; below that the lines stay whole."""


def is_terminal() -> bool:
    """Whether somebody reads stdout on a terminal: what goes to a file or another program is never broken."""
    return sys.stdout.isatty()


def width() -> int:
    """The terminal's columns."""
    return shutil.get_terminal_size().columns


def fitted(line: str, indent: int) -> Iterator[str]:
    """The line, broken at the terminal's width where stdout is one; what follows the first hangs `indent` columns in.

    The first `indent` characters stay as they are: the columns of a table, or a label.
    """
    from lorascan.reporting._terminal import columns, wrap  # noqa: PLC0415 - the help stays light

    most = width()
    if not is_terminal() or columns(line) <= most or most - indent < _LEAST:
        yield line
        return
    first, *others = wrap(line[indent:], most - indent)
    yield (line[:indent] + first).rstrip()
    yield from (" " * indent + each for each in others)
