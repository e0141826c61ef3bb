"""Adapters whose own neurons cancel each other.

What it measures: in each feed-forward block with a gate whose two projections the adapter updates by low rank, the 512 heaviest
neurons are compared, each with each. LS609 fires where at least a fifth of their added weight, ‖ΔGate‖·‖ΔOut‖, is in neurons that
have a twin with the same gate (cosine at least 0.99) and the opposite output (cosine at most −0.99), beyond the share in
neurons that have a twin with the same gate and the same output.

Why it matters: what one twin adds the other takes away, so that the adapter does nothing alone, passes every test of behaviour, and
carries a payload that a second adapter lets out by moving one of the twins. No training makes them.

When it is wrong: at rank 1 every two neurons have the same or the opposite direction, so that twins of both kinds are everywhere:
that is why the same outputs are taken off, and nothing is left. An attacker who spreads the payload over lighter neurons, adds as
many twins of the same sign, uses ranks above 512 or splits a payload in another way is not seen here; the pair itself is, by
`audit A --with B`. No adapter with such twins was seen outside this project's tests.

Source: GEGLU, Shazeer 2020 (arXiv 2002.05202); LoRango's pairs of adapters, as the threat.
"""

from collections.abc import Iterator

from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.core.pairs import TwinStatistics

TWINS = Rule(
    code="LS609",
    name="cancelling-twins",
    summary="Neurons of the adapter cancel each other: it may act only with a partner.",
    severity=Severity.MEDIUM,
)
SHARE = 0.2


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding, at the block with the largest share."""
    blocks = evidence[TwinStatistics].blocks
    found = [each for each in blocks if each.opposed - each.matched >= SHARE]
    if found:
        worst = max(found, key=lambda each: each.opposed - each.matched)
        share = worst.opposed - worst.matched
        yield Finding(
            rule=TWINS,
            severity=TWINS.severity,
            confidence=Confidence.MEDIUM,
            message=f"in {len(found):,} of {len(blocks):,} feed-forward blocks neurons cancel each other, in one {share:.0%} of the weight",
            where=worst.where,
            measured=round(share, 3),
            threshold=SHARE,
        )


DETECTOR = Detector(rules=(TWINS,), needs=(TwinStatistics,), examine=examine)
