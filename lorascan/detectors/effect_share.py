"""Finds adapters that do nothing, or nearly all in one place.

What it measures: LS606: whether every ΔW is exactly zero. LS608: whether one of at least sixteen modules holds more
than half of Σ‖ΔW‖²_F (low), or more than 99 % of it while at least sixteen modules do anything (medium).

Why it matters: an adapter without effect passes every test of behaviour and proves nothing; it is a broken upload or a
decoy. A single heavy layer is how a surgical edit looks.

When it is wrong: honest adapters with one dominant layer exist, so half of the weight never decides by itself; at 99 %
the layer outweighs all others together ten times over, which no training seen here does. A file for
another component than was measured is LS502's case.

Source: B starts at zero in training, so an untrained adapter has ΔW = 0 (Hu et al. 2021, arXiv 2106.09685).
"""

from collections.abc import Iterator

from lorascan.core.adapter import WeightStatistics
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity

NOTHING = Rule(code="LS606", name="no-effect", summary="Every update is exactly zero.", severity=Severity.MEDIUM)
OUTLIER = Rule(
    code="LS608",
    name="one-heavy-layer",
    summary="One layer holds most of the adapter's weight.",
    severity=Severity.LOW,
)
SHARE, NEARLY_ALL = 0.5, 0.99
LAYERS = 16
"""With fewer modules a share of one half is nothing special."""


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    layers = evidence[WeightStatistics].layers
    if not layers:
        return
    heaviest = max(layers, key=lambda each: each.frobenius)
    if heaviest.frobenius == 0.0:
        message = f"all {len(layers):,} updates are zero"
        yield Finding(rule=NOTHING, message=message, severity=Severity.MEDIUM, measured=0.0, threshold=0.0)
        return
    share = 1.0 / sum((each.frobenius / heaviest.frobenius) ** 2 for each in layers)
    alone = share > NEARLY_ALL and sum(each.frobenius > 0 for each in layers) >= LAYERS
    if len(layers) >= LAYERS and share > SHARE:
        yield Finding(
            rule=OUTLIER,
            message=f"one of {len(layers):,} layers holds {share:.0%} of the squared weight",
            severity=Severity.MEDIUM if alone else Severity.LOW,
            confidence=Confidence.MEDIUM,
            where=f"{heaviest.component}.{heaviest.module_path}",
            measured=share,
            threshold=NEARLY_ALL if alone else SHARE,
        )


DETECTOR = Detector(rules=(NOTHING, OUTLIER), needs=(WeightStatistics,), examine=examine)
