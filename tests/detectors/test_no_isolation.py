"""An adapter that was loaded without a lock is stamped as such and never admitted."""

from dataclasses import replace

import pytest

from lorascan.core.behaviour import IsolationFacts
from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Decision
from lorascan.detectors import no_isolation
from lorascan.policy import POLICIES, decide

LOCKED = IsolationFacts(
    role="adapted", backend="namespaces", landlock_abi=7, filter_sha256="0" * 64, uid=65534, checks={"no sockets": True}, limits={}
)
ALL_RAN = tuple(Stage(name=name, status=Status.RAN) for name in StageName)


@pytest.mark.parametrize("policy", ["ci", "strict"])
def test_a_worker_without_isolation_is_a_finding_and_never_an_admit(policy: str) -> None:
    evidence = Evidence(facts=(LOCKED, replace(LOCKED, backend="none", checks={})), stages=ALL_RAN)

    findings = list(no_isolation.examine(evidence))

    assert [(each.rule.code, each.where) for each in findings] == [("LS908", "adapted")]
    assert "WITHOUT ISOLATION" in findings[0].message
    assert decide(evidence, findings, (), POLICIES[policy]).decision is not Decision.ADMIT


@pytest.mark.parametrize("backend", ["namespaces", "process"])
def test_a_locked_worker_is_none(backend: str) -> None:
    evidence = Evidence(facts=(replace(LOCKED, backend=backend),), stages=ALL_RAN)

    assert list(no_isolation.examine(evidence)) == []
    assert decide(evidence, (), (), POLICIES["ci"]).decision is Decision.ADMIT
