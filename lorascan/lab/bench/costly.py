"""Figures of the costly methods, from their rows."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lorascan.lab.baselines._logistic import fitted
from lorascan.lab.bench.figures import auroc, clustered_auroc
from lorascan.lab.bench.methods import OURS
from lorascan.lab.bench.rows import Row, ledger_folder, read_lines
from lorascan.lab.ledger import LedgerEntry, read_ledger

if TYPE_CHECKING:
    from lorascan.lab.baselines.costly import CostlyBaseline

ROWS = "costly.jsonl"
"""One line an adapter and method, as `python -m benchmarks.costly` writes them."""
_RIDGE = 1.0


def costly(results: Path, test: Sequence[Row]) -> dict[str, Any] | None:
    """The costly methods' part of the table; None where there are no rows.

    Rows of adapters or methods that are no more are left out. Our own audit is told on the adapters that any method has a row of.
    """
    lines = read_lines(results / ROWS)
    if not lines:
        return None
    from lorascan.lab.baselines.costly import costly_baselines

    truth = {entry.sha256: entry for split in ("dev", "test") for entry in read_ledger(ledger_folder(results, split))}
    known = costly_baselines()
    lines = [line for line in lines if line["sha256"] in truth and line["method"] in known]
    by_method = {name: [line for line in lines if line["method"] == name] for name in known}
    blind = {name: rows for name, rows in by_method.items() if rows and not known[name].given_trigger}
    seen = {line["sha256"] for rows in blind.values() for line in rows if truth[line["sha256"]].split == "test"}
    return {
        "adapters": {label: sum(truth[sha256].label == label for sha256 in seen) for label in ("honest", "backdoored")},
        "ours": _ours([row for row in test if row.truth.sha256 in seen]),
        "methods": [_told(name, known[name], rows, truth) | _auroc(known[name], rows, truth) for name, rows in blind.items()],
        "given the trigger": [
            _told(name, known[name], rows, truth) | _by_prompt(rows, truth)
            for name, rows in by_method.items()
            if rows and known[name].given_trigger
        ],
    }


def _told(name: str, method: "CostlyBaseline", rows: Sequence[Mapping[str, Any]], truth: Mapping[str, LedgerEntry]) -> dict[str, Any]:
    """What it is and what it cost: medians over the test adapters, of denoiser passes and of CPU seconds."""
    test = [row for row in rows if truth[row["sha256"]].split == "test"]
    return {
        "name": name,
        "title": method.title,
        "source": method.source,
        "n": len(test),
        "passes": statistics.median(row["passes"] for row in test) if test else None,
        "seconds": statistics.median(row["seconds"] for row in test) if test else None,
    }


def _auroc(method: "CostlyBaseline", rows: Sequence[Mapping[str, Any]], truth: Mapping[str, LedgerEntry]) -> dict[str, Any]:
    """By adapter, with the dev adapters that a fitted method learnt from; no figure where there is none to learn from."""
    split = {name: [row for row in rows if truth[row["sha256"]].split == name] for name in ("dev", "test")}
    test = [truth[row["sha256"]] for row in split["test"]]
    scores = [row["numbers"][0] for row in split["test"]]
    if method.fitted:
        labels = [truth[row["sha256"]].label == "backdoored" for row in split["dev"]]
        if len(set(labels)) < 2 or not test:
            return {"auroc": None, "fitted on": len(labels)}
        odds = fitted(np.array([row["numbers"] for row in split["dev"]]), labels, _RIDGE)
        scores = odds(np.array([row["numbers"] for row in split["test"]])).tolist()
    hostile = [each.label == "backdoored" for each in test]
    return {
        "auroc": clustered_auroc(scores, hostile, [_lineage(each) for each in test]),
        "fitted on": len(split["dev"]) if method.fitted else 0,
    }


def _by_prompt(rows: Sequence[Mapping[str, Any]], truth: Mapping[str, LedgerEntry]) -> dict[str, Any]:
    """Prompts with the trigger against others: all adapters' under one threshold, and the mean of each adapter's own AUROC."""
    test = [row for row in rows if truth[row["sha256"]].split == "test"]
    scores = [score for row in test for score in row["numbers"]]
    labels = [bool(label) for row in test for label in row["labels"]]
    lineages = [_lineage(truth[row["sha256"]]) for row in test for _ in row["numbers"]]
    return {
        "prompts": len(scores),
        "passes a prompt": statistics.median(row["passes"] / len(row["numbers"]) for row in test) if test else None,
        "auroc": clustered_auroc(scores, labels, lineages),
        "mean of adapters": statistics.fmean(map(_own, test)) if test else None,
    }


def _own(row: Mapping[str, Any]) -> float:
    pairs = list(zip(row["numbers"], row["labels"], strict=True))
    return auroc([score for score, label in pairs if label], [score for score, label in pairs if not label])


def _ours(rows: Sequence[Row]) -> dict[str, Any]:
    """The audit's own score, denoiser passes and wall seconds on the same adapters; none where none of them was audited."""
    passes = [row.passes["denoiser"] for row in rows if "denoiser" in row.passes]
    return {
        "name": OURS,
        "n": len(rows),
        "auroc": clustered_auroc([row.score for row in rows], [row.hostile for row in rows], [row.lineage for row in rows]),
        "passes": statistics.median(passes) if passes else None,
        "seconds": statistics.median(sum(row.stages.values()) for row in rows) if rows else None,
    }


def _lineage(entry: LedgerEntry) -> str:
    """As `Row.lineage` tells it."""
    return f"{entry.split}-{entry.seed}"
