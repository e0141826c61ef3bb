"""Draws how strong each layer is, as shades of text."""

import math
from collections.abc import Iterator

from lorascan.core.text import visible
from lorascan.inspecting import Inspection
from lorascan.reporting._layers import block_and_projection, short
from lorascan.reporting._numbers import number

_SHADES = " ░▒▓█"
_MOST_ROWS, _MOST_COLUMNS = 80, 24


def heat_maps(found: Inspection) -> Iterator[str]:
    """One map a component: a line a block, a column a projection; darker is a larger ‖ΔW‖ per entry, on one log scale for all."""
    cells: dict[str, dict[tuple[str, str], float]] = {}
    for row in found.rows:
        if row.layer is not None and row.update.parameter == "weight":
            place = block_and_projection(row.update.module_path)
            cells.setdefault(row.update.component, {})[place] = row.layer.frobenius / math.sqrt(max(1, math.prod(row.update.shape)))
    positive = [math.log(each) for found_there in cells.values() for each in found_there.values() if each > 0]
    ends = (min(positive), max(positive)) if positive else (0.0, 0.0)
    maps = [line for component, there in cells.items() for line in _map(component, there, *ends)]
    if maps:
        yield _legend(*ends)
        yield ""
        yield from maps


def _legend(low: float, high: float) -> str:
    """What each shade begins with; the last also says where it ends. Per entry: the Frobenius norm by the root of the layer's size."""
    starts = (number(math.exp(low + (high - low) * step / 4)) for step in range(4))
    told = ", ".join(f"{shade * 2} from {start}" for shade, start in zip(_SHADES[1:], starts, strict=True))
    return f"‖ΔW‖ per entry: {told} to {number(math.exp(high))}; .. no update"


def _map(component: str, cells: dict[tuple[str, str], float], low: float, high: float) -> Iterator[str]:
    blocks = list(dict.fromkeys(block for block, _ in cells))[:_MOST_ROWS]
    columns = list(dict.fromkeys(column for _, column in cells))[:_MOST_COLUMNS]
    if len(blocks) < 2 or len(columns) < 2:
        return
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
