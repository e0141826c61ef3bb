"""Finds updates far larger than any training makes.

What it measures: the root mean square entry of ΔW, ‖ΔW‖_F / √(out·in), and the largest entry of the factors. A root
mean square above 1 is twenty times that of typical base weights (0.02 to 0.05): medium. A factor entry or a root mean
square above 65,504, the largest float16, turns into infinity when the adapter is loaded in half precision: high.

Why it matters: a scaling hidden in α, or one layer multiplied by ten thousand, drowns the base on harmless-looking
tensors.

When it is wrong: the medium threshold is a guess from base weights, not from a population of adapters. Very small
networks have larger weights.

Source: float16's range; weight norms of SD 1.5 and SDXL; CWE-1284.
"""

import math
from collections.abc import Iterator

from lorascan.core.adapter import LayerStatistics, WeightStatistics
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity

RULE = Rule(
    code="LS603",
    name="magnitude",
    summary="An update is far larger than training makes it, or overflows half precision.",
    severity=Severity.MEDIUM,
    cwe=(1284,),
)
LARGE = 1.0
"""Root mean square entry of ΔW; base weights have 0.02 to 0.05."""
HALF_MAX = 65_504.0
"""The largest float16."""


def root_mean_square(layer: LayerStatistics) -> float:
    """Of the entries of ΔW."""
    return layer.frobenius / math.sqrt(layer.shape[0] * layer.shape[1])


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding for overflow and one for size, each at its worst module."""
    layers = evidence[WeightStatistics].layers
    overflowing = [each for each in layers if max(each.max_abs, root_mean_square(each)) > HALF_MAX]
    if overflowing:
        worst = max(overflowing, key=lambda each: max(each.max_abs, root_mean_square(each)))
        largest = max(worst.max_abs, root_mean_square(worst))
        message = f"{len(overflowing):,} updates overflow half precision"
        yield _finding(worst, message, Severity.HIGH, largest, HALF_MAX)
    large = [each for each in layers if root_mean_square(each) > LARGE]
    if large:
        worst = max(large, key=root_mean_square)
        message = f"{len(large):,} updates have entries far larger than base weights"
        yield _finding(worst, message, Severity.MEDIUM, root_mean_square(worst), LARGE)


def _finding(layer: LayerStatistics, message: str, severity: Severity, measured: float, threshold: float) -> Finding:
    return Finding(
        rule=RULE,
        message=message,
        severity=severity,
        confidence=Confidence.HIGH if severity is Severity.HIGH else Confidence.MEDIUM,
        where=f"{layer.component}.{layer.module_path}",
        measured=measured,
        threshold=threshold,
    )


DETECTOR = Detector(rules=(RULE,), needs=(WeightStatistics,), examine=examine)
