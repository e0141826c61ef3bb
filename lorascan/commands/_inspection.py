"""Writes an inspection as JSON, CSV, Parquet or text."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence

from lorascan.commands._heat import heat_maps
from lorascan.commands._loaders import loader_lines, loader_shapes
from lorascan.core.text import visible
from lorascan.inspecting import Inspection, record
from lorascan.reporting._layers import block_and_projection

Record = dict[str, object]
_MOST_LINES = 400
_SUMS = ("frobenius",)
_LARGEST = ("spectral", "max_abs", "rank", "numerical_rank", "effective_rank", "leading_share")


def records(found: Inspection, by: str, *, entries: bool = False) -> list[Record]:
    """One record an update, a block or a component."""
    every = [record(row, based=found.based) for row in found.rows]
    if entries:
        _add_entries(found, every)
    if by == "module":
        return every
    groups: dict[tuple[str, str], list[Record]] = {}
    for each in every:
        block = block_and_projection(str(each["module_path"]))[0] if by == "block" else ""
        groups.setdefault((str(each["component"]), block), []).append(each)
    return [_joined(component, block, members) for (component, block), members in groups.items()]


def _joined(component: str, block: str, members: Sequence[Record]) -> Record:
    """Sums of squares, maxima and counts of a group."""
    joined: Record = {"component": component, "block": block, "updates": len(members)}
    joined["kinds"] = ", ".join(sorted({str(each["kind"]) for each in members}))
    for name in _SUMS:
        joined[name] = math.sqrt(sum(value**2 for value in _numbers(members, name)))
    return joined | {name: max(_numbers(members, name), default=None) for name in _LARGEST}


def _numbers(members: Sequence[Record], name: str) -> list[float]:
    return [float(value) for each in members if isinstance(value := each[name], (int, float))]


def _add_entries(found: Inspection, every: Sequence[Record]) -> None:
    from lorascan.weights.entries import Budget, entries  # noqa: PLC0415 - asked for only

    budget = Budget()
    for row, shape in zip(found.rows, every, strict=True):
        if row.layer is None:
            continue
        largest = {span.name: row.layer.max_abs for span in row.update.tensors}
        of = entries(row.update, found.vetted.content, largest, budget)
        finite = of.kurtosis if of.kurtosis is not None and math.isfinite(of.kurtosis) else None
        shape |= {
            "row_norm_max": float(of.rows.max(initial=0.0)),
            "row_norm_min": float(of.rows.min(initial=math.inf)) if of.rows.size else 0.0,
            "column_norm_max": float(of.columns.max(initial=0.0)),
            "column_norm_min": float(of.columns.min(initial=math.inf)) if of.columns.size else 0.0,
            "largest_entry": of.largest,
            "kurtosis": finite,
        }


def as_json(found: Inspection, by: str, *, loaders: bool, entries: bool) -> bytes:
    """One object; ASCII only, finite numbers only, sorted keys."""
    shape: Record = {
        "schema": "lorascan/inspection/v1",
        "file": {"name": found.vetted.facts.name, "sha256": found.vetted.facts.sha256, "size": found.vetted.facts.size},
        "base": {
            "family": found.base.family or ("ambiguous" if found.base.candidates else "unknown"),
            "candidates": list(found.base.candidates),
            "claimed": found.base.claimed,
            "match": found.base.match,
            "unknown_modules": list(found.base.unknown_modules),
        },
        "dialects": list(found.adapter.facts.dialects),
        "modules": records(found, "module", entries=entries),
        "leftovers": [
            {"name": each.span.name, "shape": list(each.span.shape), "dtype": each.span.dtype, "reason": each.reason}
            for each in found.adapter.leftovers
        ],
        "bad_numbers": [
            {"tensor": each.tensor, "count": each.count, "first_index": each.first_index} for each in found.statistics.bad_numbers
        ],
        "loaders": loader_shapes(found.views) if loaders else {},
    }
    if by != "module":
        shape["groups"] = records(found, by)
    members = (f'"{key}": {_member(value)}' for key, value in sorted(shape.items()))
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def _member(value: object) -> str:
    """One line a record: an indented dump takes ten times as long, half of a whole inspection."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n " + ",\n ".join(map(_plain, value)) + "\n]"
    return _plain(value)


def _plain(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)


def as_csv(found: Inspection, by: str, *, loaders: bool, entries: bool) -> bytes:
    """A header and one line a record; lists are joined by spaces. Cells that a spreadsheet would run are quoted."""
    del loaders
    rows = records(found, by, entries=entries)
    names = list(dict.fromkeys(name for each in rows for name in each))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_cell(each.get(name)) for name in names] for each in rows])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, list):
        value = " ".join(str(each) for each in value)
    if isinstance(value, str):
        shown = visible(value, 500)
        return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
    return value


def as_parquet(found: Inspection, by: str, *, loaders: bool, entries: bool) -> bytes:
    """The records as one table. Raises Unavailable where pandas or pyarrow are not installed."""
    from lorascan.core.errors import Unavailable  # noqa: PLC0415

    del loaders
    try:
        import pandas as pd  # noqa: PLC0415 - heavy, and for this format only
    except ImportError as error:
        raise Unavailable("parquet needs pandas and pyarrow", 'pip install "./lorascan[audit]"') from error
    buffer = io.BytesIO()
    pd.DataFrame(records(found, by, entries=entries)).to_parquet(buffer)
    return buffer.getvalue()


def as_text(found: Inspection, by: str, *, loaders: bool, entries: bool) -> bytes:
    """Who it is, a heat map of each component, a table."""
    base = found.base
    family = base.family or (f"one of {', '.join(base.candidates)}" if base.candidates else "unknown")
    head = [
        f"{visible(found.vetted.facts.name, 80)}  {found.vetted.facts.size:,} bytes  sha256 {found.vetted.facts.sha256}",
        f"base {family}  dialects {', '.join(found.adapter.facts.dialects) or 'none'}  updates {len(found.rows):,}",
        f"tensors that belong to no update: {len(found.adapter.leftovers):,}",
    ]
    lines = [*head, "", *heat_maps(found), *_table(records(found, by, entries=entries), by)]
    if loaders:
        lines += ["", *loader_lines(found.views)]
    return ("\n".join(lines) + "\n").encode()


def _table(rows: Sequence[Record], by: str) -> list[str]:
    place = "module_path" if by == "module" else "block"
    names = ["component", place, "kind" if by == "module" else "updates", "rank", "scaling", "frobenius", "spectral", "effective_rank"]
    names += ["relative_frobenius", "intruders"]
    names = [name for name in names if rows and name in rows[0]]
    cells = [[_shown(each.get(name)) for name in names] for each in rows[:_MOST_LINES]]
    widths = [max(len(name), *(len(line[index]) for line in cells)) if cells else len(name) for index, name in enumerate(names)]
    lines = ["  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)).rstrip()]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    if len(rows) > _MOST_LINES:
        lines.append(f"… and {len(rows) - _MOST_LINES:,} more: -f csv lists them all")
    return lines


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else visible(str(value), 90)


RENDERERS: Mapping[str, Callable[..., bytes]] = {"text": as_text, "json": as_json, "csv": as_csv, "parquet": as_parquet}
