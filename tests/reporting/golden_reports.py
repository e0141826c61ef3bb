"""What every format writes of fixed examples: `python -m tests.reporting.golden_reports` writes the golden files anew."""

import io
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lorascan.core.adapter import WeightStatistics
from lorascan.core.behaviour import Candidates, ProbeFacts
from lorascan.core.report import Report
from lorascan.reporting import PLAIN, Format, formats
from tests.reporting.examples import backdoored, paired, refused, undecided

FOLDER = Path(__file__).parent / "golden"
MOMENT = "1700000000"
"""SOURCE_DATE_EPOCH of every golden file."""
ASIDE = (
    (re.compile(r"<(style|script)>.*?</\1>", re.DOTALL), r"<\1>…</\1>"),
    (re.compile(r"'sha256-[^']+'"), "'sha256-…'"),
)
"""Of a page: its own style and scripts, which have tests of their own, and their digests."""


def fixed(report: Report) -> Report:
    """The report with few rows, and with pictures that no library's version changes."""
    return replace(report, evidence=replace(report.evidence, facts=tuple(map(_short, report.evidence.facts))))


def _short(fact: Any) -> Any:
    if isinstance(fact, WeightStatistics):
        return replace(fact, layers=fact.layers[:4])
    if isinstance(fact, Candidates):
        return replace(fact, ranked=fact.ranked[:4])
    if isinstance(fact, ProbeFacts):
        pictures = tuple(replace(each, webp=f"picture {place}".encode()) for place, each in enumerate(fact.pictures[:12]))
        return replace(fact, observations=fact.observations[:4], dose_response=fact.dose_response[:6], pictures=pictures)
    return fact


EXAMPLES: dict[str, Callable[[], Sequence[Report]]] = {
    "backdoored": lambda: [fixed(backdoored())],
    "undecided": lambda: [fixed(undecided())],
    "pair": lambda: [fixed(paired())],
    "several": lambda: [fixed(undecided()), fixed(refused()), fixed(backdoored())],
}


def golden_path(kind: Format, example: str) -> Path:
    """Where the golden file of this format and example lies."""
    return FOLDER / f"{example}{kind.suffixes[0] if kind.suffixes else f'.{kind.name}.txt'}"


def told(kind: Format, example: str) -> bytes:
    """What the format writes of the example."""
    reports = EXAMPLES[example]()
    if kind.pack is not None:
        return kind.pack(reports)
    if len(reports) == 1:
        text = kind.render(reports[0], PLAIN)
    else:
        assert kind.pieces is not None
        text = "".join(kind.pieces(reports, PLAIN))
    return steady(kind, text).encode()


def steady(kind: Format, text: str) -> str:
    """The text without what a page carries along."""
    for pattern, instead in ASIDE if kind.name == "html" else ():
        text = pattern.sub(instead, text)
    return text


def compared(kind: Format, raw: bytes) -> object:
    """What two files of a format must have in common: the text; numbers of JSON to nine digits; a table's rows."""
    if kind.pack is not None:
        import pyarrow.parquet

        return pyarrow.parquet.read_table(io.BytesIO(raw)).to_pylist()
    return _rounded(json.loads(raw)) if kind.name == "json" else raw.decode()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value


def main() -> None:
    """Write every golden file; git shows what has changed."""
    os.environ["SOURCE_DATE_EPOCH"] = MOMENT
    FOLDER.mkdir(exist_ok=True)
    for kind in formats().values():
        for example in EXAMPLES:
            golden_path(kind, example).write_bytes(told(kind, example))
    sys.stdout.write(f"{len(list(FOLDER.iterdir()))} files in {FOLDER}\n")


if __name__ == "__main__":
    main()
