"""The thresholds of the trigger rules are those that the dev split taught."""

import json
from pathlib import Path

import pytest

from lorascan.detectors import hidden_triggers

LEARNT = json.loads((Path(__file__).parents[2] / "benchmarks" / "results" / "thresholds.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("figure", "used"),
    [
        ("ratio", hidden_triggers.RATIO),
        ("meaning", hidden_triggers.MEANING),
        ("unexplained", hidden_triggers.UNEXPLAINED),
        ("mismatch", hidden_triggers.MISMATCH),
    ],
)
def test_the_rule_uses_the_learnt_threshold(figure: str, used: float) -> None:
    """And every figure separated the two sides where it was learnt."""
    assert used == LEARNT["figures"][figure]["threshold"]
    assert LEARNT["figures"][figure]["separates"]


def test_thresholds_are_learnt_on_dev_alone() -> None:
    """No adapter of the test split took part."""
    assert LEARNT["split"] == ["dev"]
    assert LEARNT["p_value"] == hidden_triggers.P_VALUE
