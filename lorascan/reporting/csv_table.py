"""Writes findings as CSV."""

import csv
import io
from collections.abc import Sequence

from lorascan.core.report import Report
from lorascan.reporting import Format, Look
from lorascan.reporting._tables import COLUMNS, rows

_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would compute."""


def _render(report: Report, look: Look) -> str:
    return _render_all([report], look)


def _render_all(reports: Sequence[Report], _: Look) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[name]) for name in COLUMNS] for row in rows(reports))
    return text.getvalue()


def _cell(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMAT = Format(name="csv", suffixes=(".csv",), render=_render, render_all=_render_all)
