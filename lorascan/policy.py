"""Turns findings into a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lorascan.core.adapter import FileIdentity
from lorascan.core.evidence import Evidence, StageName, Status
from lorascan.core.findings import Decision, Finding, Severity, Verdict

_STATIC = (StageName.FILE, StageName.WEIGHTS)
_ALL = tuple(StageName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which stages must have run, and what severities lead to.

    `rejects` and `reviews` are severities; `review_passes` makes a review exit with 0 (researchers).
    """

    name: str
    required: tuple[StageName, ...]
    rejects: frozenset[Severity] = frozenset({Severity.HIGH})
    reviews: frozenset[Severity] = frozenset({Severity.MEDIUM})
    review_passes: bool = False


POLICIES = {
    each.name: each
    for each in (
        Policy(name="static", required=_STATIC),
        Policy(name="ci", required=_ALL),
        Policy(
            name="strict",
            required=_ALL,
            rejects=frozenset({Severity.HIGH, Severity.MEDIUM}),
            reviews=frozenset({Severity.LOW}),
        ),
        Policy(name="research", required=(), review_passes=True),
    )
}

NEVER_SET_ASIDE = ("LS1", "LS3")
"""Beginnings of the rules that no list lifts: a bad container is bad whoever vouches for it."""


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
    digests = {each.sha256 for each in evidence.all(FileIdentity)}
    if digests & blocked:
        return Known.BLOCKED
    return Known.ALLOWED if digests & allowed else Known.NO


def may_be_loaded(findings: Sequence[Finding], policy: Policy, listed: Known = Known.NO) -> bool:
    """Whether nothing found so far rejects: what is already rejected never meets the worker."""
    return listed is not Known.BLOCKED and not any(each.severity in policy.rejects for each in _standing(findings, listed))


def decide(evidence: Evidence, findings: Sequence[Finding], limits: Sequence[str], policy: Policy, listed: Known = Known.NO) -> Verdict:
    """Reject beats undecided beats review beats admit.

    A required stage that did not run to its end makes the verdict undecided, whatever was found not to be wrong. A file on
    the block list is rejected; for one on the allow list the findings are set aside, those of its container excepted.
    """
    found = len(findings)
    findings = _standing(findings, listed)
    missing = tuple(_why_missing(stage, evidence) for stage in policy.required if not evidence.ran(stage))
    rejecting = [each for each in findings if each.severity in policy.rejects]
    reviewing = [each for each in findings if each.severity in policy.reviews]
    reasons: tuple[str, ...]
    if listed is Known.BLOCKED:
        decision, reasons = Decision.REJECT, (f"its SHA-256 is {listed}",)
    elif rejecting:
        decision, reasons = Decision.REJECT, _reasons(rejecting)
    elif missing:
        decision, reasons = Decision.UNDECIDED, missing
    elif reviewing:
        decision, reasons = Decision.REVIEW, _reasons(reviewing)
    else:
        decision, reasons = Decision.ADMIT, (_admitted(policy), *_set_aside(listed, found - len(findings)))
    return Verdict(
        decision=decision,
        reasons=reasons,
        not_assessed=missing,
        limits=tuple(limits),
        scope={
            "policy": policy.name,
            "stages": [str(stage.name) for stage in evidence.stages if stage.status is Status.RAN],
        },
    )


def _standing(findings: Sequence[Finding], listed: Known) -> Sequence[Finding]:
    """The findings that count."""
    if listed is not Known.ALLOWED:
        return findings
    return [each for each in findings if each.rule.code.startswith(NEVER_SET_ASIDE)]


def _set_aside(listed: Known, count: int) -> tuple[str, ...]:
    return (f"its SHA-256 is {listed}: {count:,} findings were set aside",) if count else ()


def exit_code(decision: Decision, policy: Policy) -> int:
    """The process exit code of one verdict."""
    if decision is Decision.REVIEW and policy.review_passes:
        return EXIT_CODES[Decision.ADMIT]
    return EXIT_CODES[decision]


def worst(codes: Sequence[int]) -> int:
    """The exit code of several targets: 1 > 3 > 5 > 4 > 0, so that a corrupt sibling cannot hide a reject."""
    return next((code for code in _WORST_FIRST if code in codes), NO_INPUT)


def _reasons(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{each.rule.code} {each.message}" for each in findings))


def _admitted(policy: Policy) -> str:
    if StageName.HUNT in policy.required:
        return "no activator found in the searched spaces, and nothing wrong with the file or its weights"
    return "static evidence only: nothing wrong with the file or its weights; behaviour was not tested"


def _why_missing(stage: StageName, evidence: Evidence) -> str:
    for each in evidence.stages:
        if each.name is stage:
            return f"{stage}: {each.status}" + (f", {each.reason}" if each.reason else "")
    return f"{stage}: not run"
