"""Lays out updates and their spectra as tables."""

from pathlib import Path
from typing import TYPE_CHECKING

from lorascan.analysis._pandas import frame
from lorascan.core.adapter import Adapter, WeightStatistics
from lorascan.core.report import Report
from lorascan.inspecting import METRICS, Inspection, Row, inspect, record, rows_of

if TYPE_CHECKING:
    import pandas as pd

Source = Report | Inspection | Path | str
"""A report, an inspection, or the path of an adapter, which is then read and measured."""
_PLACE = ("component", "module_path", "parameter", "kind")


def layers_df(source: Source, *, base: str | None = None) -> "pd.DataFrame":
    """One row an update, in the file's order, with what `lorascan inspect` tells of it.

    Norms and what derives from them are NaN where an update has no numbers; `reason` then says why. With `base` ("lab", a
    folder, a cached repository), for a path, they are those against that base. A report whose file was not measured gives
    no rows. Raises Unavailable without pandas, and for a path what `lorascan.read` raises.
    """
    rows, based = _rows(source, base)
    columns = ["component", "module_path", "parameter", "kind", "dialect", "shape", "rank", "alpha", "scaling", *METRICS]
    return frame([record(row, based=based) for row in rows], columns)


def spectra_df(source: Source, *, base: str | None = None) -> "pd.DataFrame":
    """One row a singular value: the update's place, `index` from 0, the `singular_value`, and its `share` of the largest.

    Values descend within an update; of kinds that are not low-rank the first 512 are listed. Raises as `layers_df` does.
    """
    rows, _ = _rows(source, base)
    found = [
        {
            **{name: getattr(row.update, name) for name in _PLACE[:3]},
            "kind": row.update.name,
            "index": index,
            "singular_value": value,
            "share": value / row.layer.singular_values[0] if row.layer.singular_values[0] else 0.0,
        }
        for row in rows
        if row.layer is not None
        for index, value in enumerate(row.layer.singular_values)
    ]
    return frame(found, [*_PLACE, "index", "singular_value", "share"])


def _rows(source: Source, base: str | None) -> tuple[tuple[Row, ...], bool]:
    """The updates with their numbers, and whether they were set beside a base."""
    if isinstance(source, Inspection):
        return source.rows, source.based
    if isinstance(source, Report):
        evidence = source.evidence
        measured = evidence.has(Adapter) and evidence.has(WeightStatistics)
        return (rows_of(evidence[Adapter], evidence[WeightStatistics]) if measured else ()), False
    found = inspect(Path(source), base, beside=True)
    return found.rows, found.based
