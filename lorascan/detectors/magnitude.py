"""Finds updates far larger than any training makes.

What it measures: the root mean square entry of ΔW, ‖ΔW‖_F / √(out·in), and the largest entry of the factors. A root
mean square above 8/√in, or above 1 in a small module, is eight times that of usual base weights (1/√in, 0.02 to 0.06 in
published ones): medium. A factor entry or a root mean
square above 65,504, the largest float16, turns into infinity when the adapter is loaded in half precision: high. Of DoRA
the update inside the norm is measured so. Of kinds whose ΔW depends on the base, and of those too large to measure, the
largest stored entry, and what a product of the largest ones can reach, is held against 16 (factors of the base's weight,
where 1 doubles it) or 256 (norms of whole rows or columns; published bases have 0.1 to 50): medium. DoRA's magnitudes
are norms: one that is zero or below wipes out or turns around a row or column of the base's weight: medium.

Why it matters: a scaling hidden in α, or one layer multiplied by ten thousand, drowns the base on harmless-looking
tensors.

When it is wrong: the medium threshold is a guess from base weights, not from a population of adapters. Very small
networks have larger weights.

Source: float16's range; weight norms of SD 1.5 and SDXL; CWE-1284.
"""

import math
from collections.abc import Iterator, Sequence

from lorascan.core.adapter import LayerStatistics, Unmeasured, WeightStatistics
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
LARGE, TIMES = 1.0, 8.0
"""Root mean square entry of ΔW, at most, and in units of 1/√in: what networks are initialised with (Glorot and Bengio 2010)."""
HALF_MAX = 65_504.0
"""The largest float16."""
ENTRY, NORM = 16.0, 256.0
"""Stored entries above which an update without a ΔW of its own is large: factors, and norms of rows (DoRA, replaced scales)."""
_NOT_MEASURED = "no exact spectrum"
"""How the reasons begin for which an update that is a function of the file alone was not measured."""
_NORMS = frozenset({"dora", "set"})


def root_mean_square(layer: LayerStatistics) -> float:
    """Of the entries of ΔW."""
    return layer.frobenius / math.sqrt(layer.shape[0] * layer.shape[1])


def threshold(layer: LayerStatistics) -> float:
    """The root mean square above which the update of this module is large."""
    return min(LARGE, TIMES / math.sqrt(layer.shape[1]))


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding for overflow and one for size, each at its worst module; the same for updates that have no ΔW of their own."""
    measured = evidence[WeightStatistics]
    yield from _entries(measured.unmeasured)
    yield from _wiped(measured.unmeasured)
    yield from _left_out(measured.unmeasured)
    layers = (*measured.layers, *measured.directions)
    overflowing = [each for each in layers if max(each.max_abs, root_mean_square(each)) > HALF_MAX]
    if overflowing:
        worst = max(overflowing, key=lambda each: max(each.max_abs, root_mean_square(each)))
        largest = max(worst.max_abs, root_mean_square(worst))
        message = f"{len(overflowing):,} updates overflow half precision"
        yield _finding(worst, message, Severity.HIGH, largest, HALF_MAX)
    large = [each for each in layers if root_mean_square(each) > threshold(each)]
    if large:
        worst = max(large, key=lambda each: root_mean_square(each) / threshold(each))
        message = f"{len(large):,} updates have entries far larger than base weights"
        yield _finding(worst, message, Severity.MEDIUM, root_mean_square(worst), threshold(worst))


def _entries(unmeasured: Sequence[Unmeasured]) -> Iterator[Finding]:
    """At most one finding for updates of which only the stored entries tell a size."""
    large = [each for each in unmeasured if each.max_abs > _limit(each)]
    if large:
        worst = max(large, key=lambda each: each.max_abs / _limit(each))
        overflows = worst.max_abs > HALF_MAX
        message = f"{len(large):,} updates of the kind {worst.kind} have entries far larger than training makes them"
        severity = Severity.HIGH if overflows else Severity.MEDIUM
        yield _finding(worst, message, severity, worst.max_abs, HALF_MAX if overflows else _limit(worst))


def _wiped(unmeasured: Sequence[Unmeasured]) -> Iterator[Finding]:
    """At most one finding for magnitudes that no norm can have."""
    odd = [each for each in unmeasured if each.not_positive]
    if odd:
        worst = max(odd, key=lambda each: each.not_positive)
        message = f"{len(odd):,} updates have magnitudes that are zero or negative: they wipe out or turn around parts of the base"
        yield _finding(worst, message, Severity.MEDIUM, worst.not_positive, 0)


def _left_out(unmeasured: Sequence[Unmeasured]) -> Iterator[Finding]:
    """At most one remark: what was too large to measure is never left unsaid beside an admit."""
    left = [each for each in unmeasured if each.reason.startswith(_NOT_MEASURED)]
    if left:
        message = f"{len(left):,} updates are too large to measure here: only what their entries can reach was held against the threshold"
        yield _finding(left[0], message, Severity.INFO, max(each.max_abs for each in left), _limit(left[0]))


def _limit(update: Unmeasured) -> float:
    return NORM if update.kind in _NORMS else ENTRY


def _finding(layer: LayerStatistics | Unmeasured, message: str, severity: Severity, measured: float, limit: float) -> Finding:
    return Finding(
        rule=RULE,
        message=message,
        severity=severity,
        confidence=Confidence.HIGH if severity is Severity.HIGH else Confidence.MEDIUM,
        where=f"{layer.component}.{layer.module_path}",
        measured=measured,
        threshold=limit,
    )


DETECTOR = Detector(rules=(RULE,), needs=(WeightStatistics,), examine=examine)
