"""The caller's own rules: policy, lists, waivers, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from lorascan.core.calibration import Calibration
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Consequence, Finding, Suppression, Verdict
from lorascan.core.report import Gate
from lorascan.policy._baseline import Baseline
from lorascan.policy._deciding import Known, decide, digest_of, known, weighed
from lorascan.policy._policies import NEVER_SET_ASIDE, POLICIES, Policy
from lorascan.policy._waivers import Waiver


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """How findings are judged. None of it is read from an adapter or from the folder that it lies in.

    `allowed` and `blocked` are SHA-256 digests; `today` (UTC) is what waivers expire by; `fail_on` names the severity that
    `policy` was made to fail from, "" where the caller did not choose one; `calibration` holds the caller's own honest adapters.
    """

    policy: Policy = POLICIES["ci"]
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline | None = None
    calibration: Calibration | None = None
    fail_on: str = ""
    config: str = ""
    today: date = field(default_factory=_today)


def marked(evidence: Evidence, findings: Sequence[Finding], rules: Rulebook) -> tuple[Finding, ...]:
    """The findings with what the policy makes of each, and those that a waiver, the baseline or the allow list sets aside.

    LS1xx and LS3xx are never set aside; the baseline sets nothing aside that rejects.
    """
    sha256 = digest_of(evidence)
    fresh = weighed([replace(each, suppressed=None) for each in findings], rules.policy, known(evidence, rules.allowed, rules.blocked))
    return tuple(replace(each, suppressed=each.suppressed or _aside(each, sha256, rules)) for each in fresh)


def _aside(finding: Finding, sha256: str, rules: Rulebook) -> Suppression | None:
    if finding.rule.code.startswith(NEVER_SET_ASIDE):
        return None
    for each in rules.waivers:
        if each.covers(finding, sha256) and not each.expired(rules.today):
            return each.suppression
    if rules.baseline is not None and finding.consequence is not Consequence.REJECT and rules.baseline.holds(finding, sha256):
        return Suppression(kind="baseline")
    return None


def judge(
    evidence: Evidence, findings: Sequence[Finding], limits: Sequence[str], rules: Rulebook
) -> tuple[tuple[Finding, ...], Verdict, Gate]:
    """The findings as they count, the verdict, and how the caller's rules were met."""
    found = marked(evidence, findings, rules)
    verdict = decide(evidence, found, limits, rules.policy, known(evidence, rules.allowed, rules.blocked))
    return found, verdict, _gate(evidence, found, rules)


def _gate(evidence: Evidence, findings: Sequence[Finding], rules: Rulebook) -> Gate:
    sha256 = digest_of(evidence)
    mine = [each for each in rules.waivers if each.sha256 == sha256]
    fired = {each.rule.code for each in findings}
    listed = known(evidence, rules.allowed, rules.blocked)
    return Gate(
        policy_sha256=rules.policy.sha256,
        fail_on=rules.fail_on,
        config=rules.config,
        listed="" if listed is Known.NO else str(listed),
        waivers=tuple(str(each) for each in mine if each.rule in fired and not each.expired(rules.today)),
        expired=tuple(str(each) for each in mine if each.expired(rules.today)),
        unused=tuple(str(each) for each in mine if each.rule not in fired),
        baseline_sha256=rules.baseline.sha256 if rules.baseline else "",
        baseline=rules.baseline.path if rules.baseline else "",
        policy=rules.policy.path,
        standing=_standing(findings, sha256, rules),
    )


def _standing(findings: Sequence[Finding], sha256: str, rules: Rulebook) -> tuple[str, ...]:
    """Rules on the container that count although the baseline or the allow list holds them, each once."""
    allowed, baseline = sha256 in rules.allowed, rules.baseline
    sturdy = [each for each in findings if each.rule.code.startswith(NEVER_SET_ASIDE)]
    return tuple(sorted({each.rule.code for each in sturdy if allowed or (baseline is not None and baseline.holds(each, sha256))}))
