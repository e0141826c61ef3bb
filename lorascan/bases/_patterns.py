"""Folds the module paths of equal blocks into patterns, and unfolds them.

`blocks.{0-18}.attn.to_q` stands for nineteen modules of one shape: each brace is a range of numbers, both ends included.
"""

from collections.abc import Iterator, Mapping
from itertools import product

Shape = tuple[int, ...]


def folded(shapes: Mapping[str, Shape]) -> dict[str, list[int]]:
    """Patterns → shape, so few that they are small to ship; in the order of each pattern's first module."""
    rows = {tuple(path.split(".")): shape for path, shape in shapes.items()}
    for place in reversed(range(max((len(row) for row in rows), default=0))):
        rows = _fold(rows, place)
    return {".".join(row): list(shape) for row, shape in rows.items()}


def unfolded(patterns: Mapping[str, list[int]]) -> dict[str, Shape]:
    """Module path → shape."""
    return {path: shape for pattern, sizes in patterns.items() for shape in (tuple(sizes),) for path in _paths(pattern)}


def _paths(pattern: str) -> Iterator[str]:
    if "{" not in pattern:
        yield pattern
        return
    first, *rest = pattern.split("{")
    ranges = []
    for each in rest:
        span, _, after = each.partition("}")
        start, _, stop = span.partition("-")
        ranges.append([f"{number}{after}" for number in range(int(start), int(stop) + 1)])
    for chosen in product(*ranges):
        yield first + "".join(chosen)


def _fold(rows: Mapping[tuple[str, ...], Shape], place: int) -> dict[tuple[str, ...], Shape]:
    """Join the rows that differ by consecutive numbers at one place only."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...], Shape], list[int]] = {}
    out: dict[tuple[str, ...], Shape] = {}
    for row, shape in rows.items():
        if len(row) > place and row[place].isdecimal():
            alike.setdefault((row[:place], row[place + 1 :], shape), []).append(int(row[place]))
    for row, shape in rows.items():
        if len(row) <= place or not row[place].isdecimal():
            out[row] = shape
            continue
        for start, stop in _runs(alike.pop((row[:place], row[place + 1 :], shape), [])):
            span = str(start) if start == stop else f"{{{start}-{stop}}}"
            out[(*row[:place], span, *row[place + 1 :])] = shape
    return out


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The runs of consecutive numbers, each by its first and last."""
    ordered = sorted(numbers)
    breaks = [at for at in range(1, len(ordered)) if ordered[at] != ordered[at - 1] + 1]
    for start, stop in zip([0, *breaks], [*breaks, len(ordered)], strict=True):
        if start < stop:
            yield ordered[start], ordered[stop - 1]
