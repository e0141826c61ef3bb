"""The thresholds of the trigger rules are those that the dev split taught."""

import json

import pytest

from benchmarks import undeclared
from benchmarks.end_to_end import RESULTS, page
from benchmarks.thresholds import thresholds
from lorascan.detectors import declared_bait, hidden_triggers
from lorascan.lab.bench.bare import is_whole
from lorascan.lab.bench.rows import read_lines
from lorascan.lab.ledger import read_ledger

LEARNT = thresholds(read_lines(RESULTS / "end-to-end-dev.jsonl"))
"""Learnt again from the committed audits."""


@pytest.mark.parametrize(
    ("figure", "used"),
    [
        ("ratio", hidden_triggers.RATIO),
        ("meaning", hidden_triggers.MEANING),
        ("unexplained", hidden_triggers.UNEXPLAINED),
        ("replaced", hidden_triggers.REPLACED),
    ],
)
def test_the_rule_uses_the_learnt_threshold(figure: str, used: float) -> None:
    """And every figure separated the two sides where it was learnt."""
    assert used == LEARNT["figures"][figure]["threshold"]
    assert LEARNT["figures"][figure]["separates"]


def test_a_bait_is_told_by_the_threshold_that_baits_taught() -> None:
    """It separated them from declared words of all others."""
    assert LEARNT["bait"]["threshold"] == declared_bait.LOST
    assert LEARNT["bait"]["separates"]


def test_thresholds_are_learnt_on_dev_alone() -> None:
    """No adapter of the test split took part."""
    assert LEARNT["split"] == ["dev"]
    assert LEARNT["p_value"] == hidden_triggers.P_VALUE


def test_the_committed_results_are_what_the_committed_audits_give() -> None:
    """Every page, made again from its rows."""
    rows, ledger = read_lines(RESULTS / "end-to-end-test.jsonl"), read_ledger(RESULTS / "zoo-test")
    backdoored = [each for each in ledger if is_whole(each)]

    assert json.loads((RESULTS / "thresholds.json").read_text(encoding="utf-8")) == LEARNT
    assert (RESULTS / "end-to-end.md").read_text(encoding="utf-8") == page(rows, ledger)
    assert undeclared.PAGE.read_text(encoding="utf-8") == undeclared.page(read_lines(undeclared.ROWS), len(backdoored))
    assert {row["split"] for row in rows} == {"test"}
