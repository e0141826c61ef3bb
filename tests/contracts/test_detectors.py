"""What every detector keeps to."""

import re
import sys

import pytest

from lorascan import detectors
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Rule

EVERY = detectors.detectors()


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_detectors_docstring_is_the_manual_of_its_rules(name: str) -> None:
    manual = " ".join((sys.modules[f"lorascan.detectors.{name}"].__doc__ or "").split()).lower()
    for part in ("what it measures", "why it matters", "when it is wrong", "source"):
        assert part in manual, part


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_detectors_rules_have_codes_names_and_weaknesses(name: str) -> None:
    assert EVERY[name].rules
    for rule in EVERY[name].rules:
        assert isinstance(rule, Rule)
        assert re.fullmatch(r"LS[1-9]\d\d", rule.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert rule.summary


def test_no_two_detectors_claim_one_code_or_name() -> None:
    names = [rule.name for rule in detectors.rules().values()]
    assert len(names) == len(set(names))


def test_a_detector_whose_facts_are_missing_is_listed_and_does_not_run() -> None:
    findings, not_assessed = detectors.examine(Evidence())
    assert findings == ()
    needing = {rule.code for each in EVERY.values() if each.needs for rule in each.rules}
    assert set(not_assessed) == needing
    assert {"LS602", "LS701", "LS801"} <= needing
