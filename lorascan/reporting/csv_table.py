"""Writes findings as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain

from lorascan.core.report import Report
from lorascan.reporting import Format, Look
from lorascan.reporting._tables import COLUMNS, rows

_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would compute."""


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for cells in chain([COLUMNS], ([_cell(row[name]) for name in COLUMNS] for row in rows(reports))):
        writer.writerow(cells)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def _cell(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMAT = Format(name="csv", suffixes=(".csv",), render=_render, pieces=_pieces)
