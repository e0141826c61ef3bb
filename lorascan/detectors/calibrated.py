"""Findings about adapters that stand out of the user's own honest ones.

What it measures: with `audit --calibration FILE` the adapter's score, which is how near its strongest undeclared word comes to
LS801, is set beside the scores of adapters that the user vouches for (`lorascan calibrate`). LS810 fires where the conformal
p = (1 + number of honest scores at least as large)/(n + 1) reaches .01, from 99 honest adapters of the same group on (text encoder
touched or not, words declared or not), else of all groups together; with 19 to 98 of them at .05; with fewer it never fires.

Why it matters: the thresholds of LS801 are learnt on the lab. What honest adapters do on a real base is learnt from honest
adapters of that base alone.

When it is wrong: of honest adapters like those of the calibration one in a hundred (one in twenty, with few of them) goes to review
by construction; of others, such as a style beside a calibration of characters, more. A backdoored adapter among the calibration's
own hides its like. A calibration never lifts LS801 or LS802.

Source: split-conformal prediction (Vovk, Gammerman and Shafer 2005), one score an adapter.
"""

from collections.abc import Iterator

from lorascan.core.calibration import UNLIKE, CalibrationFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity

STANDS_OUT = Rule(
    code=UNLIKE,
    name="unlike-honest-adapters",
    summary="an undeclared word acts more strongly than in the user's own honest adapters",
    severity=Severity.MEDIUM,
    cwe=(506,),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding; none where the calibration is too small or made for another base."""
    facts = evidence[CalibrationFacts]
    if facts.p_value is not None and facts.level is not None and facts.p_value <= facts.level:
        yield Finding(
            rule=STANDS_OUT,
            severity=STANDS_OUT.severity,
            confidence=Confidence.MEDIUM,
            message=f"its strongest undeclared word acts more than in {facts.n:,} honest adapters ({facts.group}): p = {facts.p_value:.3f}",
            where=f"calibration {facts.sha256[:16]}",
            measured=round(facts.p_value, 4),
            threshold=facts.level,
        )


DETECTOR = Detector(rules=(STANDS_OUT,), needs=(CalibrationFacts,), examine=examine)
