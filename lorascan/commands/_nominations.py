"""Writes a hunt's candidates as text, JSON or CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from lorascan.core.adapter import FileFacts
from lorascan.core.behaviour import Candidates, LoadFacts, TriggerCandidate
from lorascan.core.evidence import Evidence
from lorascan.core.text import visible
from lorascan.reporting._shapes import plain, table, written

NOTE = "candidates only, and no verdict: none of them was tested on pictures; lorascan audit does that"
_COLUMNS = ("rank", "text", "replaces", "source", "score", "z", "target", "declared", "scale", "part")
_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would compute."""


def as_json(evidence: Evidence, top: int) -> str:
    """One object, `lorascan/hunt/v1`: candidates best first, spaces searched, what was left out. ASCII only."""
    found = evidence[Candidates]
    return written(
        {
            "schema": "lorascan/hunt/v1",
            "verdict": None,
            "note": NOTE,
            "subject": {name: getattr(evidence[FileFacts], name) for name in ("name", "sha256", "size")},
            "base": {name: getattr(evidence[LoadFacts], name) for name in ("base", "base_sha256", "device")},
            "candidates": [table(each) for each in found.ranked[:top]],
            "nominated": len(found.ranked),
            "spaces": list(found.spaces),
            "limits": list(found.limits),
            "left_out": list(found.left_out),
            "budget": found.budget,
            "stages": [plain(each) for each in evidence.stages],
        }
    )


def as_csv(evidence: Evidence, top: int) -> str:
    """A header and one line a candidate; a text that a spreadsheet would compute is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    shapes = [table(each) for each in evidence[Candidates].ranked[:top]]
    writer.writerows([_cell(shape[name]) for name in _COLUMNS] for shape in shapes)
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = visible(value, 500)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def as_text(evidence: Evidence, top: int) -> str:
    """What was hunted, a table of candidates, the spaces searched and the limits."""
    file, found = evidence[FileFacts], evidence[Candidates]
    loaded = evidence[LoadFacts]
    seconds = ", ".join(f"{each.name} {each.seconds:.3g} s" for each in evidence.stages)
    lines = [
        f"{visible(file.name, 80)}  {file.size:,} bytes  sha256 {file.sha256}",
        f"base {loaded.base} on {loaded.device}  budget {found.budget}  {seconds}",
        NOTE,
        "",
        *_table(found.ranked[:top]),
    ]
    if len(found.ranked) > top:
        lines.append(f"… and {len(found.ranked) - top:,} more: -n lists them")
    lines += ["", *(f"searched: {each}" for each in found.spaces), *(f"limit: {visible(each, 300)}" for each in found.limits)]
    return "\n".join(lines) + "\n"


def _table(ranked: Sequence[TriggerCandidate]) -> list[str]:
    cells = [("#", "text", "found by", "score", "z", "declared", "target"), *(_row(each) for each in ranked)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _row(each: TriggerCandidate) -> tuple[str, ...]:
    text = f'"{visible(each.text, 60)}"' + (f' for "{visible(each.replaces, 20)}"' if each.replaces else "")
    declared = "yes" if each.declared else "no"
    source = each.source if each.scale == 1.0 else f"{each.source} at {each.scale:g}"
    source += f", {each.part} alone" if each.part else ""
    return str(each.rank), text, source, f"{each.score:.3g}", f"{each.z:.2g}", declared, each.target or "-"


RENDERERS: Mapping[str, Callable[[Evidence, int], str]] = {"text": as_text, "json": as_json, "csv": as_csv}
