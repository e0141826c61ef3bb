"""Arranges pictures in rows, within a page's budget."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from lorascan.core.behaviour import Picture, ProbeFacts
from lorascan.core.report import Report
from lorascan.reporting import _digest
from lorascan.reporting import _numbers as write

MOST_PICTURES = 96
MOST_BYTES = 2_600_000
"""Of WebP; a third more once written as text, beside 1.1 MB of chart library, stays within 6 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One picture: its column's name, its address, the CLIP similarity and its change against the base."""

    column: str
    address: str
    similarity: float
    change: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One prompt and seed; a column without a picture holds None."""

    prompt: str
    seed: int
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All rows of one trigger."""

    trigger: str
    kind: str
    cited: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The pictures of a page: the columns' names, the groups, how many are shown of how many."""

    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    shown: int
    total: int


def gallery(report: Report) -> Gallery:
    """As many whole rows as fit: triggers that a finding cites first, then the others by turns of a row each."""
    probe = _digest.fact(report, ProbeFacts)
    pictures = probe.pictures if probe else ()
    columns = sorted({_column(each) for each in pictures})
    cited = {row.trigger for row in _digest.tested(report) if row.cited_by}
    rows: dict[tuple[str, str], dict[tuple[str, int], list[Picture]]] = {}
    for each in pictures:
        rows.setdefault((each.trigger, each.kind), {}).setdefault((each.prompt, each.seed), []).append(each)
    chosen = _chosen(rows, cited)
    groups = tuple(
        Group(
            trigger=trigger,
            kind=kind,
            cited=trigger in cited,
            rows=tuple(_row(prompt, seed, some[prompt, seed], columns) for prompt, seed in chosen[trigger, kind]),
        )
        for (trigger, kind), some in sorted(rows.items(), key=lambda item: item[0][0] not in cited)
        if chosen[trigger, kind]
    )
    shown = sum(cell is not None for group in groups for row in group.rows for cell in row.cells)
    return Gallery(columns=tuple(_name(each) for each in columns), groups=groups, shown=shown, total=len(pictures))


def _chosen(
    rows: dict[tuple[str, str], dict[tuple[str, int], list[Picture]]], cited: set[str]
) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Which rows of each trigger fit: by turns, so that no trigger crowds the others out."""
    turns = sorted((place, key[0] not in cited, key, name) for key, some in rows.items() for place, name in enumerate(some))
    chosen: dict[tuple[str, str], list[tuple[str, int]]] = {key: [] for key in rows}
    pictures = octets = 0
    for _, _, key, name in turns:
        found = rows[key][name]
        pictures += len(found)
        octets += sum(len(each.webp) for each in found)
        if pictures > MOST_PICTURES or octets > MOST_BYTES:
            break
        chosen[key].append(name)
    return chosen


def _column(picture: Picture) -> tuple[bool, float]:
    return picture.adapted, picture.scale if picture.adapted else 0.0


def _name(column: tuple[bool, float]) -> str:
    return f"scale {write.number(column[1])}" if column[0] else "base"


def _row(prompt: str, seed: int, pictures: Sequence[Picture], columns: Sequence[tuple[bool, float]]) -> Row:
    found = {_column(each): each for each in pictures}
    base = next((each.similarity for each in pictures if not each.adapted), None)
    cells = (_cell(found[each], base) if each in found else None for each in columns)
    return Row(prompt=prompt, seed=seed, cells=tuple(cells))


def _cell(picture: Picture, base: float | None) -> Cell:
    return Cell(
        column=_name(_column(picture)),
        address=f"data:image/webp;base64,{base64.b64encode(picture.webp).decode('ascii')}",
        similarity=picture.similarity,
        change=picture.similarity - base if picture.adapted and base is not None else None,
    )
