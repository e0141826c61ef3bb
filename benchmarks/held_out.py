"""Learns the thresholds anew without one attack family, and looks at that family.

    python -m benchmarks.held_out

Writes results/held-out.json, which `lorascan lab bench --only-table` shows beside the frozen thresholds. Every family of
the dev split is left out in turn, with all its adapters; the family's test adapters and all honest ones of the test split are scored.
"""

import json
from typing import Any

from benchmarks.end_to_end import RESULTS
from benchmarks.thresholds import thresholds
from lorascan.detectors._margins import Limits, score
from lorascan.lab.bench.figures import auroc
from lorascan.lab.bench.rows import Row, audits_file, is_adaptive, read_lines, read_rows
from lorascan.lab.derived import family as family_of

PATH = RESULTS / "held-out.json"


def limits_without(family: str, dev: list[dict[str, Any]]) -> Limits:
    """The thresholds that the dev split teaches without the backdoors of this family."""
    learnt = thresholds([row for row in dev if family_of(row["recipe"]) != family or row["label"] == "honest"])
    found = {name: figure["threshold"] for name, figure in learnt["figures"].items()}
    return Limits(p_value=learnt["p_value"], **found)


def held_out(dev: list[dict[str, Any]], test: list[Row]) -> dict[str, Any]:
    """By family of the test split: thresholds learnt without it, its adapters rejected by them, honest ones rejected, AUROC."""
    told = {}
    test = [row for row in test if not is_adaptive(row.truth.recipe)]
    for family in sorted({family_of(row.truth.recipe) for row in test if row.hostile}):
        limits = limits_without(family, dev)
        hostile = [score(row.tests, limits) for row in test if family_of(row.truth.recipe) == family and row.hostile]
        honest = [score(row.tests, limits) for row in test if not row.hostile]
        told[family] = {
            "in dev": sum(family_of(row["recipe"]) == family and row["label"] == "backdoored" for row in dev),
            "n": len(hostile),
            "rejected": sum(each >= 1 for each in hostile),
            "honest": len(honest),
            "honest rejected": sum(each >= 1 for each in honest),
            "auroc": round(auroc(hostile, honest), 4),
            "ratio": limits.ratio,
            "meaning": limits.meaning,
            "unexplained": limits.unexplained,
            "replaced": limits.replaced,
        }
    return told


def written() -> str:
    """The file's text, from the committed rows."""
    return json.dumps(held_out(read_lines(audits_file(RESULTS, "dev")), read_rows(RESULTS, "test")), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
