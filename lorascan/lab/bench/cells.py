"""Writes the cells and tables of a Markdown page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Told = Mapping[str, Any]
"""What `detection.json` holds, or a part of it."""


def grid(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table of these heads; a bar in a cell is escaped."""
    lines = (" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows)
    return [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *(f"| {line} |" for line in lines)]


def number(value: float | None) -> str:
    """Two decimals, or a dash."""
    return "–" if value is None else f"{value:.2f}"


def spread(found: Told) -> str:
    """A figure with its interval."""
    return f"{number(found['value'])} [{found['low']:.2f}, {found['high']:.2f}]"
