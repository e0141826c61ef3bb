"""Draws how strong each layer is, as shades of text."""

import math
from collections.abc import Iterator

from lorascan.core.text import visible
from lorascan.inspecting import Inspection
from lorascan.reporting._layers import block_and_projection, short

_SHADES = " ░▒▓█"
_MOST_ROWS, _MOST_COLUMNS = 80, 24


def heat_maps(found: Inspection) -> Iterator[str]:
    """One map a component: a line a block, a column a projection; darker is a larger ‖ΔW‖ per entry, on a log scale."""
    layers = [(row.update, row.layer) for row in found.rows if row.layer is not None and row.update.parameter == "weight"]
    for component in dict.fromkeys(update.component for update, _ in layers):
        cells: dict[tuple[str, str], float] = {}
        for update, layer in layers:
            if update.component == component:
                cells[block_and_projection(update.module_path)] = layer.frobenius / math.sqrt(max(1, math.prod(update.shape)))
        yield from _map(component, cells)


def _map(component: str, cells: dict[tuple[str, str], float]) -> Iterator[str]:
    blocks = list(dict.fromkeys(block for block, _ in cells))[:_MOST_ROWS]
    columns = list(dict.fromkeys(column for _, column in cells))[:_MOST_COLUMNS]
    if len(blocks) < 2 or len(columns) < 2:
        return
    positive = [value for value in cells.values() if value > 0]
    low, high = (math.log(min(positive)), math.log(max(positive))) if positive else (0.0, 0.0)
    names = [visible(short(block), 40) or "(top level)" for block in blocks]
    width = max(len(name) for name in names)
    yield f"{visible(component, 40)}: {' '.join(f'{index}={visible(name, 30)}' for index, name in enumerate(columns))}"
    for block, name in zip(blocks, names, strict=True):
        shades = (_shade(cells.get((block, column)), low, high) for column in columns)
        yield f"  {name.ljust(width)} |{''.join(shades)}|"
    yield ""


def _shade(value: float | None, low: float, high: float) -> str:
    """Two characters; dots where there is no update."""
    if value is None:
        return ".."
    if value <= 0.0:
        return _SHADES[0] * 2
    share = (math.log(value) - low) / (high - low) if high > low else 1.0
    return _SHADES[1 + min(3, int(share * 4))] * 2
