"""Describes adapters' weights for the baselines, one row each."""

from collections.abc import Callable
from pathlib import Path

from lorascan.lab.baselines import baselines
from lorascan.lab.baselines._modules import read_modules
from lorascan.lab.bench.rows import append_line, read_lines, speaks
from lorascan.lab.ledger import read_ledger


def describe_zoo(zoo: Path, rows: Path, told: Callable[[str], None]) -> int:
    """Append a row of every baseline's numbers for the zoo's adapters that lack one, failed attacks apart.

    An adapter whose file is not there is told and left out. Returns how many were described.
    """
    names = set(baselines())
    done = {each["sha256"] for each in read_lines(rows) if names <= set(each["features"])}
    count = 0
    for entry in read_ledger(zoo):
        if entry.sha256 in done or not speaks(entry):
            continue
        if not (zoo / entry.file).exists():
            told(f"{entry.name}: no file, not described")
            continue
        modules = read_modules(zoo / entry.file)
        features = {name: baseline.describe(modules) for name, baseline in baselines().items()}
        append_line(rows, {"name": entry.name, "sha256": entry.sha256, "features": features})
        count += 1
    return count
