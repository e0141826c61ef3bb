"""A refusal becomes a finding of the rule that it names."""

import pytest

from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import Refusal, Refused
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Severity
from lorascan.detectors import examine, refusals, rules
from lorascan.intake import Received, vet_received
from lorascan.settings import Limits
from tests.hostile.files import REFUSED


@pytest.mark.parametrize("sentence", REFUSED)
def test_every_refused_file_becomes_findings(sentence: str) -> None:
    """Severe ones, the decisive first, with place and number."""
    content = memoryview(REFUSED[sentence][1])
    identity = FileIdentity(name="a.safetensors", path="a.safetensors", size=len(content), sha256="")
    with pytest.raises(Refused) as caught:
        vet_received(Received(identity=identity, content=content), Limits())

    found = list(refusals.examine(Evidence(refusals=caught.value.refusals)))

    assert [each.rule.code for each in found] == [each.code for each in caught.value.refusals]
    assert found[0].rule.code == REFUSED[sentence][0]
    assert {each.severity for each in found} == {Severity.HIGH}


def test_a_code_that_nobody_declared_is_a_bug_and_loud() -> None:
    """A finding must not be lost for want of a rule."""
    with pytest.raises(KeyError):
        list(refusals.examine(Evidence(refusals=(Refusal(code="LS000", message=""),))))


def test_an_empty_audit_finds_nothing_and_says_what_it_did_not_assess() -> None:
    """Rules whose facts are missing are listed."""
    findings, not_assessed = examine(Evidence())

    assert findings == ()
    assert {"LS107", "LS201", "LS209", "LS403"} <= set(not_assessed)


def test_every_rule_has_one_code_and_a_summary() -> None:
    """Codes are never reused."""
    found = rules()

    assert all(code == rule.code and rule.summary and rule.name for code, rule in found.items())
    assert {"LS101", "LS113", "LS301", "LS401"} <= found.keys()
