"""Describes a spectrum in a few numbers."""

import math
import sys

import numpy as np

from lorascan.core.adapter import LayerStatistics, Update
from lorascan.weights.decode import Matrix

RANK_THRESHOLD = 1e-7
"""Singular values below this share of the largest do not count: the error of the others' squares reaches up to here."""

KEPT = 512
"""Singular values listed of a kind that is not low-rank; its statistics are those of all."""


def describe(update: Update, values: Matrix, max_abs: float, gain: float | None = None) -> LayerStatistics:
    """The statistics of ΔW from the singular values of ΔW/gain (descending, finite or overflowed to inf).

    The gain is |s| unless it is told: an update of scaling 0 is all zeros.
    """
    gain = abs(update.scaling) if gain is None else gain
    shares = _relative(values if gain else np.zeros_like(values))
    squares, total = shares**2, float(shares.sum())
    spectral = _capped(float(values[0]) * gain if values.size else 0.0)
    sum_of_squares = float(squares.sum())
    weights = shares[shares > 0] / total if total else shares[:0]
    entropy = max(0.0, -float((weights * np.log(weights)).sum()))
    return LayerStatistics(
        module_path=update.module_path,
        component=update.component,
        shape=update.shape,
        rank=update.rank,
        alpha=update.alpha,
        scaling=update.scaling,
        numerical_rank=int((shares > RANK_THRESHOLD).sum()),
        spectral=spectral,
        frobenius=_capped(spectral * math.sqrt(sum_of_squares)),
        nuclear=_capped(spectral * total),
        stable_rank=sum_of_squares,
        effective_rank=math.exp(entropy) if total else 0.0,
        entropy=entropy,
        leading_share=1.0 / sum_of_squares if sum_of_squares else 0.0,
        max_abs=max_abs,
        singular_values=tuple(_capped(float(each) * gain) for each in (values if update.loadable else values[:KEPT])),
        kind=update.name,
        parameter=update.parameter,
    )


def _relative(values: Matrix) -> Matrix:
    """The values divided by the largest: between 0 and 1, all 0 where the largest is 0."""
    if not values.size or values[0] == 0.0:
        return np.zeros_like(values)
    with np.errstate(invalid="ignore"):
        shares: Matrix = np.nan_to_num(values / values[0], nan=1.0)
    return shares


def _capped(number: float) -> float:
    """The number, or the largest float where it overflowed: reports hold finite numbers only."""
    return min(number, sys.float_info.max)
