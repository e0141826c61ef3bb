"""Gathers the numbers that the page's charts draw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lorascan.core.adapter import LayerStatistics, WeightStatistics
from lorascan.core.report import Report
from lorascan.reporting import _digest
from lorascan.reporting._foreign import foreign, named
from lorascan.reporting._layers import block_and_projection, short

_MOST_COLUMNS = 32
_MOST_VALUES = 48

METRICS = (
    ("frobenius", "Frobenius norm", "how large the change of this layer is in all"),
    ("spectral", "Spectral norm", "how large it is along its strongest direction"),
    ("rank", "Rank", "how many directions the file stores"),
    ("effective_rank", "Effective rank", "how many directions it really uses"),
    ("leading_share", "Leading share", "how much of the change lies in one direction, 0 to 1"),
)
"""Field of LayerStatistics, its name, what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """One component's layers: `cells` holds (column, row, place in the list of layers)."""

    component: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int, int, int], ...]


def chart_data(report: Report) -> dict[str, Any]:
    """All that the page's script draws, as JSON values; every text in it is safe to show."""
    weights = _digest.fact(report, WeightStatistics)
    layers = weights.layers if weights else ()
    return {
        "metrics": [list(each) for each in METRICS],
        "layers": [_layer(each) for each in layers],
        "maps": [
            {"component": each.component, "rows": each.rows, "columns": each.columns, "cells": each.cells} for each in heat_maps(layers)
        ],
        "curves": [_curve(report, each) for each in _digest.curves(report)],
    }


def heat_maps(layers: Sequence[LayerStatistics]) -> tuple[HeatMap, ...]:
    """One map a component, block by projection; a component whose names have no such order is one column."""
    return tuple(_heat_map(name, layers) for name in dict.fromkeys(each.component for each in layers))


def _heat_map(component: str, layers: Sequence[LayerStatistics]) -> HeatMap:
    places = {place: each.module_path for place, each in enumerate(layers) if each.component == component}
    split = {place: block_and_projection(path) for place, path in places.items()}
    if len(set(split.values())) < len(split) or len({column for _, column in split.values()}) > _MOST_COLUMNS:
        split = {place: (path, "layer") for place, path in places.items()}
    rows = list(dict.fromkeys(row for row, _ in split.values()))
    columns = list(dict.fromkeys(column for _, column in split.values()))
    return HeatMap(
        component=foreign(component, 40),
        rows=tuple(foreign(short(each), 60) or "(top level)" for each in rows),
        columns=tuple(foreign(each, 40) for each in columns),
        cells=tuple((columns.index(column), rows.index(row), place) for place, (row, column) in split.items()),
    )


def _layer(layer: LayerStatistics) -> dict[str, Any]:
    return {
        "path": foreign(f"{layer.component} {layer.module_path}"),
        "values": {key: _finite(float(getattr(layer, key))) for key, _, _ in METRICS},
        "sigma": [_finite(each) for each in layer.singular_values[:_MOST_VALUES]],
    }


def _curve(report: Report, curve: _digest.Curve) -> dict[str, Any]:
    cited = any(row.cited_by and row.trigger == curve.trigger for row in _digest.tested(report))
    return {
        "name": named(curve.trigger, curve.replaces, 40) if curve.trigger else "(no trigger)",
        "kind": foreign(curve.kind, 20),
        "cited": cited,
        "points": [
            [each.scale, _finite(1 - each.image_similarity), _finite(1 - each.high), _finite(1 - each.low), _finite(each.lift)]
            for each in curve.points
        ],
    }


def _finite(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
