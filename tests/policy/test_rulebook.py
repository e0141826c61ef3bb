"""What waivers, baselines, lists and policy files may lift, and what nothing lifts."""

import hashlib
import itertools
import json
from collections.abc import Sequence
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from pydantic import ValidationError

from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import UsageError
from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Consequence, Decision, Finding, Rule, Severity
from lorascan.core.report import Report
from lorascan.policy import POLICIES, Baseline, Rulebook, Waiver, exit_code, judge, policy_named, read_baseline
from lorascan.reporting import render, render_all

SHA = "ab" * 32
TODAY = date(2027, 6, 30)
LEADS = {Severity.HIGH: "reject", Severity.MEDIUM: "review", Severity.LOW: "report", Severity.INFO: "report"}


def evidence(*failed: StageName, sha256: str = SHA) -> Evidence:
    known = FileIdentity(name="a.safetensors", path="a.safetensors", size=7, sha256=sha256)
    ended = tuple(Stage(name=each, status=Status.FAILED if each in failed else Status.RAN) for each in StageName)
    return Evidence(facts=(known,), stages=ended)


def finding(code: str, severity: Severity, where: str = "unet.a") -> Finding:
    rule = Rule(code=code, name="test", summary="a test", severity=severity)
    return Finding(rule=rule, severity=severity, message=f"a {severity} thing", where=where)


def waiver(code: str = "LS608", *, sha256: str = SHA, expires: date = TODAY) -> Waiver:
    return Waiver(rule=code, sha256=sha256, expires=expires, reason="our own logo", by="security@example.org")


def decision(findings: Sequence[Finding], rules: Rulebook, known: Evidence | None = None) -> Decision:
    return judge(known or evidence(), findings, (), rules)[1].decision


def test_a_waived_finding_does_not_count_and_stays_visible_with_its_reason() -> None:
    found, verdict, gate = judge(evidence(), [finding("LS608", Severity.HIGH)], (), Rulebook(waivers=(waiver(),), today=TODAY))

    assert verdict.decision is Decision.ADMIT
    assert "waived" in " ".join(verdict.reasons)
    assert found[0].suppressed is not None
    assert (found[0].suppressed.reason, found[0].suppressed.by) == ("our own logo", "security@example.org")
    assert len(gate.waivers) == 1


def test_an_expired_waiver_goes_live_again_the_day_after_and_is_told() -> None:
    late = Rulebook(waivers=(waiver(),), today=date(2027, 7, 1))
    _, verdict, gate = judge(evidence(), [finding("LS608", Severity.HIGH)], (), late)

    assert verdict.decision is Decision.REJECT
    assert "2027-06-30" in gate.expired[0]


def test_a_waiver_of_another_file_or_rule_changes_nothing_and_an_unused_one_is_told() -> None:
    found = [finding("LS608", Severity.HIGH)]
    for other in (waiver("LS609"), waiver(sha256="cd" * 32)):
        assert decision(found, Rulebook(waivers=(other,), today=TODAY)) is Decision.REJECT
    assert judge(evidence(), found, (), Rulebook(waivers=(waiver("LS609"),), today=TODAY))[2].unused


@pytest.mark.parametrize("missing", ["rule", "sha256", "expires", "reason", "by"])
def test_every_field_of_a_waiver_is_required(missing: str) -> None:
    told = {"rule": "LS608", "sha256": SHA, "expires": "2027-06-30", "reason": "ours", "by": "me"}
    Waiver.model_validate(told)

    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate({name: value for name, value in told.items() if name != missing})
    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate(told | {missing: " "})


@pytest.mark.parametrize("code", ["LS101", "LS113", "LS301"])
def test_nothing_lifts_a_bad_container(code: str) -> None:
    found = [finding(code, Severity.HIGH)]
    unchecked = Waiver.model_construct(rule=code, sha256=SHA, expires=TODAY, reason="x", by="y")
    rules = Rulebook(waivers=(unchecked,), allowed=frozenset({SHA}), baseline=baseline_of(found), today=TODAY)

    assert decision(found, rules) is Decision.REJECT
    with pytest.raises(ValidationError, match="cannot be waived"):
        waiver(code)


def baseline_of(findings: Sequence[Finding], sha256: str = SHA) -> Baseline:
    made = report(findings, Rulebook(), sha256)
    return Baseline(known=frozenset(json_marks(render(made, "json"))), sha256="")


def json_marks(text: str) -> list[str]:
    from lorascan.policy._baseline import _marks

    return list(_marks(json.loads(text)))


def report(findings: Sequence[Finding], rules: Rulebook, sha256: str = SHA) -> Report:
    known = evidence(sha256=sha256)
    found, verdict, gate = judge(known, findings, (), rules)
    return Report(
        name="a.safetensors",
        evidence=known,
        findings=found,
        verdict=verdict,
        policy=rules.policy.name,
        environment={},
        command="",
        gate=gate,
    )


def test_what_the_baseline_holds_is_known_and_what_it_lacks_is_new() -> None:
    old, new = finding("LS608", Severity.MEDIUM), finding("LS608", Severity.MEDIUM, "unet.b")
    rules = Rulebook(baseline=baseline_of([old]))

    assert decision([old], rules) is Decision.ADMIT
    assert decision([old, new], rules) is Decision.REVIEW
    assert decision([old], rules, evidence(sha256="cd" * 32)) is Decision.REVIEW, "other bytes are another file"


def test_the_baseline_lifts_no_reject() -> None:
    found = [finding("LS608", Severity.HIGH)]

    assert decision(found, Rulebook(baseline=baseline_of(found))) is Decision.REJECT


def test_a_baseline_is_a_report_of_one_file_or_of_many_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    made = [report([finding("LS608", Severity.MEDIUM)], Rulebook(), each) for each in (SHA, "cd" * 32)]
    path.write_text(render_all(made, "json"))
    assert len(read_baseline(path).known) == 2

    for text in ("{", "[1]", "{}", '{"schema": "lorascan/inspection/v1"}', "[" * 100_000):
        path.write_text(text)
        with pytest.raises(UsageError):
            read_baseline(path)
    with pytest.raises(UsageError):
        read_baseline(tmp_path / "none.json")


@pytest.mark.parametrize("status", [Status.FAILED])
@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("stage", list(StageName))
def test_a_crash_never_admits_under_any_policy(stage: StageName, policy: str, status: Status) -> None:
    known = Evidence(
        facts=evidence().facts,
        stages=tuple(Stage(name=each, status=status if each is stage else Status.RAN) for each in StageName),
    )

    assert decision([], Rulebook(policy=POLICIES[policy]), known) is Decision.UNDECIDED


def test_every_combination_of_policy_finding_waiver_and_baseline_leads_where_it_should() -> None:
    """Exit code × policy × finding × waiver × baseline × failed stage."""
    for policy, severity, waived, baselined, failed in itertools.product(
        POLICIES.values(), [None, *Severity], [False, True], [False, True], [False, True]
    ):
        found = [finding("LS608", severity)] if severity else []
        rules = Rulebook(
            policy=policy,
            waivers=(waiver(),) if waived else (),
            baseline=baseline_of(found) if baselined else None,
            today=TODAY,
        )
        leads = "" if severity is None or waived else str(policy.consequence(found[0]))
        leads = "" if leads == "review" and baselined else leads
        wanted = (
            1 if leads == "reject" else 3 if failed else 5 if leads == "review" and not policy.review_passes else 0
        )  # a reject beats a failed stage, which beats a review
        known = evidence(*([StageName.PROBE] if failed else []))
        verdict = judge(known, found, (), rules)[1]

        assert exit_code(verdict.decision, policy) == wanted, (policy.name, severity, waived, baselined, failed)


@pytest.mark.parametrize(("least", "severity", "wanted"), [
    ("high", Severity.MEDIUM, Decision.ADMIT),
    ("high", Severity.HIGH, Decision.REJECT),
    ("medium", Severity.MEDIUM, Decision.REVIEW),
    ("low", Severity.LOW, Decision.REVIEW),
    ("medium", Severity.LOW, Decision.ADMIT),
    ("info", Severity.INFO, Decision.REVIEW),
])  # fmt: skip
def test_fail_on_moves_the_review_and_never_the_reject(least: str, severity: Severity, wanted: Decision) -> None:
    rules = Rulebook(policy=POLICIES["ci"].failing_from(Severity(least)))

    assert decision([finding("LS608", severity)], rules) is wanted


def test_a_policy_file_names_stages_severities_and_single_rules(tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_text(
        'name = "house"\nextends = "static"\nreviews = ["medium", "low"]\n[rules]\nLS608 = "report"\nLS609 = "reject"\n', encoding="utf-8"
    )

    policy = policy_named(str(path))

    assert (policy.name, policy.required) == ("house", POLICIES["static"].required)
    assert len(policy.sha256) == 64
    leads = [decision([finding(*each)], Rulebook(policy=policy)) for each in (("LS608", Severity.HIGH), ("LS609", Severity.INFO))]
    assert leads == [Decision.ADMIT, Decision.REJECT]
    assert decision([finding("LS610", Severity.LOW)], Rulebook(policy=policy)) is Decision.REVIEW


@pytest.mark.parametrize(("required", "wanted"), [
    ("", Consequence.REPORT),
    ('required = ["file"]', Consequence.REPORT),
    ('required = ["file", "weights", "load"]', Consequence.REVIEW),
    ('[rules]\nLS508 = "reject"', Consequence.REJECT),
])  # fmt: skip
def test_what_static_says_of_untested_kinds_holds_only_where_nothing_is_loaded(tmp_path: Path, required: str, wanted: Consequence) -> None:
    path = tmp_path / "house.toml"
    path.write_text(f'name = "house"\nextends = "static"\n{required}\n', encoding="utf-8")

    assert policy_named(str(path)).consequence(finding("LS508", Severity.MEDIUM)) is wanted


@pytest.mark.parametrize(("text", "told"), [
    ('name = "x"\nreject = ["high"]', "did you mean 'rejects'"),
    ('name = "x"\nextends = "lax"', "extends"),
    ('name = "ci"', "a name of its own"),
    ('name = "x"\nrejects = []', "high findings always reject"),
    ('name = "x"\nrequired = ["weights"]', "file stage"),
    ('name = "x"\n[rules]\nLS104 = "report"', "LS104"),
    ('name = "x"\n[rules]\nLS608 = "shrug"', "rules.LS608"),
    ("name = ", "no TOML"),
    ("", "name"),
])  # fmt: skip
def test_a_policy_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "house.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=told):
        policy_named(str(path))


def test_an_unknown_policy_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError, match="Did you mean 'strict'"):
        policy_named("strct")
    with pytest.raises(UsageError, match="cannot read"):
        policy_named("none.toml")


def test_the_report_names_the_baseline_by_its_path_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text(render(report([], Rulebook()), "json"))

    told = report([], Rulebook(baseline=read_baseline(path)))

    assert told.gate.baseline == str(path)
    assert told.gate.baseline_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    printed = "".join(render(told, "text").split())
    assert f"baseline{path}SHA-256{told.gate.baseline_sha256}" in printed
    assert "baseline" not in render(report([], Rulebook()), "text")


def plain(written: str) -> str:
    """Words alone: what stood between and what parted them is gone."""
    return unescape(" ".join(written.split())).replace("<wbr>", "")


def test_a_finding_on_the_container_counts_whatever_holds_it_and_every_reader_is_told() -> None:
    found = [finding("LS303", Severity.MEDIUM), finding("LS608", Severity.MEDIUM)]
    told = report(found, Rulebook(baseline=baseline_of(found)))
    listed = report(found, Rulebook(allowed=frozenset({SHA})))
    sentence = "LS303 is on the container: no baseline, list or waiver sets it aside"

    assert (told.gate.standing, listed.gate.standing) == (("LS303",), ("LS303",))
    assert told.verdict.decision is Decision.REVIEW
    for name in ("text", "markdown", "html"):
        assert sentence in plain(render(told, name)), name
    assert report(found, Rulebook()).gate.standing == ()


def test_a_rule_that_a_policy_weighs_unlike_its_severity_says_so_as_the_reason_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_text('name = "house"\n[rules]\nLS503 = "reject"\nLS608 = "review"\n', encoding="utf-8")
    rules = Rulebook(policy=policy_named(str(path)))
    told = report([finding("LS503", Severity.MEDIUM)], rules)

    assert told.verdict.reasons == ("LS503 a medium thing; rejected by policy house (LS503 = reject)",)
    assert report([finding("LS608", Severity.LOW)], rules).verdict.reasons[0].endswith("held for review by policy house (LS608 = review)")
    assert "policy house" not in report([finding("LS608", Severity.MEDIUM)], rules).verdict.reasons[0], "as its severity would"
    for name in ("text", "markdown", "html"):
        assert "rejected by policy house (LS503 = reject)" in plain(render(told, name)), name
    printed = "".join(render(told, "text").split())
    assert f"policyfile{path}SHA-256{told.gate.policy_sha256}" in printed


def test_no_reader_is_told_to_waive_what_nothing_waives() -> None:
    alone = report([finding("LS303", Severity.MEDIUM)], Rulebook())
    both = report([finding("LS303", Severity.MEDIUM), finding("LS608", Severity.MEDIUM)], Rulebook())
    other = report([finding("LS608", Severity.MEDIUM)], Rulebook())

    for name in ("text", "html"):
        assert "LS303 cannot be waived" in plain(render(alone, name)), name
        assert "is waived" not in plain(render(alone, name)), name
        assert "LS303 cannot be waived: have the file written anew. Of the others, what turns out harmless is waived" in plain(
            render(both, name)
        )
        assert "what turns out harmless is waived with a reason" in plain(render(other, name))
    assert "is waived with a reason, but for LS1xx and LS3xx" in plain(render_all([alone, other], "html"))
