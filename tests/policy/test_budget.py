"""How much a policy has searched, and what follows where time left a search out."""

from pathlib import Path

import pytest

from lorascan.core.behaviour import Candidates
from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Decision, Finding, Rule, Severity
from lorascan.policy import POLICIES, decide, policy_named
from lorascan.settings import BUDGETS

LATE = "unicode twin: not begun, the 5 s to hunt were over"


def hunted(*left_out: str) -> Evidence:
    found = Candidates(ranked=(), spaces=("some words",), limits=left_out, left_out=left_out, budget="default, 5 s to hunt")
    return Evidence(facts=(found,), stages=tuple(Stage(name=each, status=Status.RAN) for each in StageName))


@pytest.mark.parametrize("policy", ["ci", "strict"])
def test_a_search_that_time_left_out_is_never_admitted_where_the_hunt_is_required(policy: str) -> None:
    verdict = decide(hunted(LATE), [], (), POLICIES[policy])

    assert verdict.decision is Decision.UNDECIDED
    assert verdict.not_assessed == (f"hunt: {LATE}",)
    assert verdict.not_assessed == verdict.reasons


def test_what_was_found_in_the_time_rejects_all_the_same() -> None:
    rule = Rule(code="LS801", name="test", summary="a test", severity=Severity.HIGH)
    finding = Finding(rule=rule, severity=Severity.HIGH, message="a trigger")

    verdict = decide(hunted(LATE), [finding], (), POLICIES["ci"])

    assert verdict.decision is Decision.REJECT
    assert verdict.not_assessed == (f"hunt: {LATE}",)


def test_a_hunt_that_began_everything_in_time_admits_and_where_none_is_required_a_limit_is_all() -> None:
    assert decide(hunted(), [], (), POLICIES["ci"]).decision is Decision.ADMIT
    assert decide(hunted(LATE), [], (LATE,), POLICIES["research"]).decision is Decision.ADMIT
    assert decide(hunted(LATE), [], (LATE,), POLICIES["research"]).limits == (LATE,)


def test_the_scope_says_what_the_search_was_given() -> None:
    assert decide(hunted(), [], (), POLICIES["ci"]).scope["budget"] == "default, 5 s to hunt"


def test_strict_and_research_search_thoroughly_and_a_policy_file_as_much_as_what_it_extends(tmp_path: Path) -> None:
    assert {name: each.budget for name, each in POLICIES.items()} == {
        "static": "default", "ci": "default", "strict": "thorough", "research": "thorough",
    }  # fmt: skip
    assert {each.budget for each in POLICIES.values()} <= set(BUDGETS)
    path = tmp_path / "house.toml"
    path.write_text('name = "house"\nextends = "strict"')
    assert policy_named(str(path)).budget == "thorough"
