"""Finds factors that do not fit, and ranks that save nothing.

What it measures: LS605 refuses, while reading, a factor without its partner, factors whose ranks differ, rank or
dimension 0, and tensors of another rank than the file's own metadata say; an α without factors is named here (low).
LS607 counts updates whose rank is at least the smaller side of ΔW.

Why it matters: a broken pair is dropped by one loader and crashes another. A rank beyond the smaller side stores more
than the full matrix and cannot express more: a padded or a careless file.

When it is wrong: high ranks are common on small convolutions of LoCon files, so LS607 is only low.

Source: linear algebra: rank(B·A) ≤ min(out, in); CWE-843.
"""

from collections.abc import Iterator

from lorascan.core.adapter import Adapter, LowRankUpdate
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.detectors._leftovers import leftover_findings
from lorascan.dialects import Reason

MISFIT = Rule(
    code="LS605",
    name="factors-misfit",
    summary="A factor has no partner, or the factors do not fit together.",
    severity=Severity.HIGH,
    cwe=(843,),
)
FULL = Rule(
    code="LS607",
    name="rank-not-low",
    summary="The rank is at least the smaller side of the update.",
    severity=Severity.LOW,
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding a rule."""
    adapter = evidence[Adapter]
    yield from leftover_findings(adapter, MISFIT, {Reason.ALPHA_ONLY: Severity.LOW, Reason.UNREAD_ALPHA: Severity.INFO})
    full = [each for each in adapter.updates if isinstance(each, LowRankUpdate) and each.rank >= min(each.shape)]
    if full:
        worst = max(full, key=lambda each: each.rank / min(each.shape))
        yield Finding(
            rule=FULL,
            message=f"{len(full):,} of {len(adapter.updates):,} updates have a rank that saves nothing",
            severity=Severity.LOW,
            where=f"{worst.component}.{worst.module_path}",
            measured=worst.rank,
            threshold=min(worst.shape),
        )


DETECTOR = Detector(rules=(MISFIT, FULL), needs=(Adapter,), examine=examine)
