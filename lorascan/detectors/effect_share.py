"""Finds adapters that do nothing, or nearly all in one place.

What it measures: LS606: whether every ΔW is zero, or so small (root mean square below 1e-9) that half precision adds
nothing to the base. LS608: whether one of at least sixteen modules holds more than half of Σ‖ΔW‖²_F (low), or is 32
times as heavy, by ‖ΔW‖_F, as three quarters of at least sixteen modules that do anything (medium).

Why it matters: an adapter without effect passes every test of behaviour and proves nothing; it is a broken upload or a
decoy. A single heavy layer is how a surgical edit looks.

When it is wrong: honest adapters with one dominant layer exist, so half of the weight never decides by itself; one that
stands 32 times above three quarters of them is no training seen here. A file for another component than was measured is LS502's
case.

Source: B starts at zero in training, so an untrained adapter has ΔW = 0 (Hu et al. 2021, arXiv 2106.09685).
"""

import math
from collections.abc import Iterator

from lorascan.core.adapter import WeightStatistics
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity

NOTHING = Rule(code="LS606", name="no-effect", summary="Every update is zero, or too small to change anything.", severity=Severity.MEDIUM)
OUTLIER = Rule(
    code="LS608",
    name="one-heavy-layer",
    summary="One layer holds most of the adapter's weight.",
    severity=Severity.LOW,
)
SHARE, ALONE = 0.5, 32.0
NOTHING_RMS = 1e-9
"""Root mean square entry; base weights have 0.02 to 0.05, and half precision rounds at a two-thousandth of a number."""
LAYERS = 16
"""With fewer modules a share of one half is nothing special."""


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    layers = evidence[WeightStatistics].layers
    if not layers:
        return
    largest = max(each.frobenius / math.sqrt(each.shape[0] * each.shape[1]) for each in layers)
    if largest < NOTHING_RMS:
        small = "too small to change anything" if largest else "zero"
        message = f"all {len(layers):,} updates are {small}"
        yield Finding(rule=NOTHING, message=message, severity=Severity.MEDIUM, measured=largest, threshold=NOTHING_RMS)
        return
    heaviest = max(layers, key=lambda each: each.frobenius)
    share = 1.0 / sum((each.frobenius / heaviest.frobenius) ** 2 for each in layers)
    active = sorted(each.frobenius for each in layers if each.frobenius > 0)
    ratio = heaviest.frobenius / active[len(active) * 3 // 4] if len(active) >= LAYERS else 1.0
    alone = ratio > ALONE
    if len(layers) >= LAYERS and (alone or share > SHARE):
        yield Finding(
            rule=OUTLIER,
            message=f"one of {len(layers):,} layers holds {share:.0%} of the squared weight"
            + (f", and is {ratio:,.0f} times as heavy as three quarters of them" if alone else ""),
            severity=Severity.MEDIUM if alone else Severity.LOW,
            confidence=Confidence.MEDIUM,
            where=f"{heaviest.component}.{heaviest.module_path}",
            measured=ratio if alone else share,
            threshold=ALONE if alone else SHARE,
        )


DETECTOR = Detector(rules=(NOTHING, OUTLIER), needs=(WeightStatistics,), examine=examine)
