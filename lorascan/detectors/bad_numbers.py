"""Finds NaN and infinity.

What it measures: every float tensor of the file, by its bits: how many entries are not finite, and where the first is.

Why it matters: one NaN in a mid-block projection leaves the first pictures finite; fusing the adapter then poisons the
base for good.

When it is wrong: never harmless, but often no attack: a training run that diverged in half precision writes NaN.

Source: reproduced on diffusers 0.42.1 (`fuse_lora`); CWE-1339.
"""

from collections.abc import Iterator

from lorascan.core.adapter import WeightStatistics
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

RULE = Rule(
    code="LS602",
    name="not-finite",
    summary="A tensor holds NaN or infinity.",
    severity=Severity.HIGH,
    cwe=(1339,),
)
_REPORTED = 20


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a tensor, at most twenty."""
    bad = evidence[WeightStatistics].bad_numbers
    for each in bad[:_REPORTED]:
        yield Finding(
            rule=RULE,
            message=f"{each.count:,} numbers are not finite, the first at index {each.first_index:,} ({len(bad):,} such tensors in all)",
            severity=Severity.HIGH,
            where=each.tensor,
            measured=each.count,
            threshold=0,
        )


DETECTOR = Detector(rules=(RULE,), needs=(WeightStatistics,), examine=examine)
