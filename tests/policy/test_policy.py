"""What findings and stages become."""

import itertools

import pytest

from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Decision, Finding, Rule, Severity
from lorascan.policy import POLICIES, decide, exit_code, may_be_loaded, worst


def finding(severity: Severity) -> Finding:
    rule = Rule(code="LS999", name="test", summary="a test", severity=severity)
    return Finding(rule=rule, severity=severity, message=f"a {severity} thing")


def ran(*stages: StageName) -> Evidence:
    return Evidence(stages=tuple(Stage(name=stage, status=Status.RAN) for stage in stages))


EVERYTHING = ran(*StageName)


def decision(evidence: Evidence, *severities: Severity, policy: str = "ci") -> Decision:
    return decide(evidence, [finding(each) for each in severities], (), POLICIES[policy]).decision


def test_an_audit_without_findings_whose_stages_all_ran_admits() -> None:
    assert decision(EVERYTHING) is Decision.ADMIT


@pytest.mark.parametrize("missing", list(StageName))
@pytest.mark.parametrize("status", [Status.FAILED, Status.NOT_RUN, Status.REFUSED, None])
def test_what_was_not_gathered_is_said_and_never_admitted(missing: StageName, status: Status | None) -> None:
    stages = [Stage(name=each, status=Status.RAN) for each in StageName if each is not missing]
    if status is not None:
        stages.append(Stage(name=missing, status=status, reason="because"))
    verdict = decide(Evidence(stages=tuple(stages)), [], (), POLICIES["ci"])
    assert verdict.decision is Decision.UNDECIDED
    assert any(each.startswith(f"{missing}:") for each in verdict.not_assessed)


def test_a_reject_beats_a_stage_that_failed() -> None:
    assert decision(ran(StageName.FILE), Severity.HIGH) is Decision.REJECT


def test_a_stage_that_failed_beats_a_review() -> None:
    assert decision(ran(StageName.FILE), Severity.MEDIUM) is Decision.UNDECIDED


def test_strict_rejects_what_others_review() -> None:
    assert decision(EVERYTHING, Severity.MEDIUM) is Decision.REVIEW
    assert decision(EVERYTHING, Severity.MEDIUM, policy="strict") is Decision.REJECT


def test_low_and_info_findings_are_listed_and_admitted() -> None:
    assert decision(EVERYTHING, Severity.LOW, Severity.INFO) is Decision.ADMIT


def test_the_static_admit_says_that_behaviour_was_not_tested() -> None:
    verdict = decide(ran(StageName.FILE, StageName.WEIGHTS), [], (), POLICIES["static"])
    assert verdict.decision is Decision.ADMIT
    assert "behaviour was not tested" in verdict.reasons[0]


def test_what_is_already_rejected_never_meets_the_worker() -> None:
    assert not may_be_loaded([finding(Severity.HIGH)], POLICIES["ci"])
    assert may_be_loaded([finding(Severity.MEDIUM)], POLICIES["ci"])


def test_only_an_admit_exits_with_zero_outside_research() -> None:
    codes = {each: exit_code(each, POLICIES["ci"]) for each in Decision}
    assert codes == {Decision.ADMIT: 0, Decision.REJECT: 1, Decision.UNDECIDED: 3, Decision.REVIEW: 5}
    assert exit_code(Decision.REVIEW, POLICIES["research"]) == 0


def test_the_worst_of_several_files_wins_in_the_documented_order() -> None:
    order = [1, 3, 5, 4, 0]
    for size in range(1, len(order) + 1):
        for codes in itertools.permutations(order, size):
            assert worst(codes) == min(codes, key=order.index)
    assert worst([]) == 4
