"""Turns findings into a verdict."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from lorascan.core.adapter import FileFacts, FileIdentity
from lorascan.core.behaviour import Candidates, LoadFacts, ProbeFacts
from lorascan.core.calibration import CalibrationFacts
from lorascan.core.evidence import Evidence, StageName, Status
from lorascan.core.findings import Consequence, Decision, Finding, Scalar, Suppression, Verdict
from lorascan.policy._policies import NEVER_SET_ASIDE, Policy


class Known(StrEnum):
    """Whether the caller's lists name a file."""

    NO = "no"
    ALLOWED = "on the allow list"
    BLOCKED = "on the block list"


EXIT_CODES = {Decision.ADMIT: 0, Decision.REJECT: 1, Decision.UNDECIDED: 3, Decision.REVIEW: 5}
USAGE_ERROR, NO_INPUT, INTERRUPTED = 2, 4, 130
_WORST_FIRST = (1, 3, 5, 4, 0)


def known(evidence: Evidence, allowed: frozenset[str], blocked: frozenset[str]) -> Known:
    """What the lists say of the file that was received; the block list wins."""
    digest = digest_of(evidence)
    if digest in blocked:
        return Known.BLOCKED
    return Known.ALLOWED if digest in allowed else Known.NO


def digest_of(evidence: Evidence) -> str:
    """SHA-256 of the file that was received, "" where it could not be read."""
    received = [each.sha256 for each in evidence.all(FileIdentity)] + [each.sha256 for each in evidence.all(FileFacts)]
    return received[0] if received else ""


def may_be_loaded(findings: Sequence[Finding], policy: Policy, listed: Known = Known.NO) -> bool:
    """Whether nothing found so far rejects: what is already rejected never meets the worker."""
    standing = _standing(weighed(findings, policy, listed))
    return listed is not Known.BLOCKED and not any(each.consequence is Consequence.REJECT for each in standing)


def weighed(findings: Sequence[Finding], policy: Policy, listed: Known = Known.NO) -> tuple[Finding, ...]:
    """The findings with what the policy makes of each, those of a file on the allow list set aside."""
    return tuple(replace(each, consequence=policy.consequence(each), suppressed=_aside(each, listed)) for each in findings)


def _aside(finding: Finding, listed: Known) -> Suppression | None:
    if finding.rule.code.startswith(NEVER_SET_ASIDE):
        return None
    return finding.suppressed or (Suppression(kind="allow list") if listed is Known.ALLOWED else None)


def decide(evidence: Evidence, findings: Sequence[Finding], limits: Sequence[str], policy: Policy, listed: Known = Known.NO) -> Verdict:
    """Reject beats undecided beats review beats admit.

    A required stage that did not run to its end makes the verdict undecided, whatever was found not to be wrong; so do any
    stage that crashed, and a required hunt whose time was over before each of its methods had begun. A file on the block
    list is rejected; for one on the allow list the findings are set aside, those of its container excepted.
    """
    findings = weighed(findings, policy, listed)
    standing = _standing(findings)
    stopped = tuple(_why_missing(stage, evidence) for stage in StageName if _is_missing(stage, evidence, policy))
    missing = (*stopped, *_left_out(evidence, policy))
    rejecting = [each for each in standing if each.consequence is Consequence.REJECT]
    reviewing = [each for each in standing if each.consequence is Consequence.REVIEW]
    reasons: tuple[str, ...]
    if listed is Known.BLOCKED:
        decision, reasons = Decision.REJECT, (f"its SHA-256 is {listed}",)
    elif rejecting:
        decision, reasons = Decision.REJECT, _reasons(rejecting, policy)
    elif missing:
        decision, reasons = Decision.UNDECIDED, missing
    elif reviewing:
        decision, reasons = Decision.REVIEW, _reasons(reviewing, policy)
    else:
        decision, reasons = Decision.ADMIT, (_admitted(findings, policy), *_set_aside(findings, listed))
    return Verdict(
        decision=decision,
        reasons=reasons,
        not_assessed=missing,
        limits=tuple(limits),
        scope=_scope(evidence, policy),
    )


def _is_missing(stage: StageName, evidence: Evidence, policy: Policy) -> bool:
    """Whether a stage that counts did not run; one that crashed counts always: a crash never admits."""
    if any(each.name is stage and each.status is Status.FAILED for each in evidence.stages):
        return True
    return stage in policy.required and not evidence.ran(stage)


def _left_out(evidence: Evidence, policy: Policy) -> tuple[str, ...]:
    """What a required hunt had to search and did not."""
    if StageName.HUNT not in policy.required:
        return ()
    return tuple(f"{StageName.HUNT}: {each}" for hunted in evidence.all(Candidates) for each in hunted.left_out)


def _scope(evidence: Evidence, policy: Policy) -> dict[str, Scalar | list[Scalar]]:
    """What the verdict is valid for."""
    scope: dict[str, Scalar | list[Scalar]] = {
        "policy": policy.name,
        "stages": [str(stage.name) for stage in evidence.stages if stage.status is Status.RAN],
    }
    for load in evidence.all(LoadFacts):
        scope |= {"base": load.base, "base_sha256": load.base_sha256, "loader": load.pipeline_class, "device": load.device}
    for hunted in evidence.all(Candidates):
        scope["spaces"] = list(hunted.spaces)
        scope["budget"] = hunted.budget
    for probe in evidence.all(ProbeFacts):
        scope["scales"] = list[Scalar](sorted({each.scale for each in probe.observations}))
        scope["thresholds"] = "learnt on the lab"
    for known_ones in evidence.all(CalibrationFacts):
        scope |= _compared(known_ones)
    return scope


def _compared(facts: CalibrationFacts) -> dict[str, Scalar | list[Scalar]]:
    """Which honest adapters of the caller's own the adapter was set beside."""
    told: dict[str, Scalar | list[Scalar]] = {"calibration": f"sha256:{facts.sha256}"}
    if facts.p_value is None:
        return told | {"calibration_unused": facts.reason}
    told |= {"calibration_group": facts.group, "calibration_n": facts.n, "calibration_p": round(facts.p_value, 4)}
    return told if facts.level is None else told | {"calibration_level": facts.level}


def _standing(findings: Sequence[Finding]) -> Sequence[Finding]:
    """The findings that count."""
    return [each for each in findings if each.suppressed is None]


def _set_aside(findings: Sequence[Finding], listed: Known) -> tuple[str, ...]:
    """What did not count, by kind."""
    kinds = [each.suppressed.kind for each in findings if each.suppressed is not None]
    told = {"allow list": f"its SHA-256 is {listed}", "waiver": "waived by the caller", "baseline": "known from the baseline"}
    return tuple(f"{told.get(kind, kind)}: {_findings(kinds.count(kind))} set aside" for kind in dict.fromkeys(kinds))


def _findings(count: int) -> str:
    return "1 finding was" if count == 1 else f"{count:,} findings were"


def exit_code(decision: Decision, policy: Policy) -> int:
    """The process exit code of one verdict."""
    if decision is Decision.REVIEW and policy.review_passes:
        return EXIT_CODES[Decision.ADMIT]
    return EXIT_CODES[decision]


def worst(codes: Sequence[int]) -> int:
    """The exit code of several targets: 1 > 3 > 5 > 4 > 0, so that a corrupt sibling cannot hide a reject."""
    return next((code for code in _WORST_FIRST if code in codes), NO_INPUT)


def _reasons(findings: Sequence[Finding], policy: Policy) -> tuple[str, ...]:
    """What fired, and where a rule of the policy weighs it unlike its severity, that."""
    return tuple(dict.fromkeys("; ".join(filter(None, (f"{each.rule.code} {each.message}", policy.chosen(each)))) for each in findings))


def _admitted(findings: Sequence[Finding], policy: Policy) -> str:
    known_ones = {each.rule.code[:3] for each in findings if each.suppressed is not None}
    nothing = "nothing new in the file or its weights" if known_ones else "nothing wrong with the file or its weights"
    if StageName.HUNT not in policy.required:
        return f"static evidence only: {nothing}; behaviour was not tested"
    again = "new " if "LS8" in known_ones else ""
    return f"no {again}activator found in the searched spaces, and {nothing}"


def _why_missing(stage: StageName, evidence: Evidence) -> str:
    for each in evidence.stages:
        if each.name is stage:
            return f"{stage}: {each.status}" + (f", {each.reason}" if each.reason else "")
    return f"{stage}: not run"
