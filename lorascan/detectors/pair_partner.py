"""Findings about the second file of a pair.

What it measures: with `audit A --with B` the file B goes through the same gate as A before anything is loaded: container,
metadata, keys, numbers and weights, judged by the same policy, lists, waivers and baseline. LS704 fires where B is rejected by
itself, LS705 where it needs a review by itself; the reasons are B's own.

Why it matters: a pair is no better than the worse of its files. What B's own findings say is found in full by auditing B alone.

When it is wrong: as often as the rule that it names. A waiver for B's own finding, under B's SHA-256, counts here too.

Source: docs/threat-model.md.
"""

from collections.abc import Iterator

from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Decision, Finding, Rule, Severity
from lorascan.core.pairs import PartnerFacts

REJECTED = Rule(
    code="LS704",
    name="partner-rejected",
    summary="the second file of the pair is rejected by itself",
    severity=Severity.HIGH,
    cwe=(506,),
)
FOR_REVIEW = Rule(
    code="LS705",
    name="partner-for-review",
    summary="the second file of the pair needs a review by itself",
    severity=Severity.MEDIUM,
    cwe=(506,),
)
_RULES = {Decision.REJECT: REJECTED, Decision.REVIEW: FOR_REVIEW}


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding; an undecided partner stops the load instead."""
    partner = evidence[PartnerFacts]
    rule = _RULES.get(Decision(partner.decision))
    if rule is not None:
        yield Finding(
            rule=rule,
            severity=rule.severity,
            message=f"the partner {partner.name!r}: {'; '.join(partner.reasons)}",
            where=f"SHA-256 {partner.sha256 or 'unknown'}",
            measured=partner.decision,
            threshold=str(Decision.ADMIT),
        )


DETECTOR = Detector(rules=(REJECTED, FOR_REVIEW), needs=(PartnerFacts,), examine=examine)
