"""Says how alike two updates of one module are."""

import numpy as np

from lorascan.core.updates import LowRankUpdate, Update
from lorascan.weights.factors import Tall, stored, turned
from lorascan.weights.numbers import survey
from lorascan.weights.spectra import gram


def cosine(first: tuple[Update, memoryview], second: tuple[Update, memoryview]) -> float | None:
    """⟨ΔW₁, ΔW₂⟩ / (‖ΔW₁‖·‖ΔW₂‖), −1 to 1, from the factors: ⟨B₁A₁, B₂A₂⟩ = tr((A₂A₁ᵀ)(B₁ᵀB₂)).

    Each update comes with the bytes of its file. None for kinds other than plain pairs, for shapes that differ, and where
    one of the two is zero.
    """
    if first[0].shape != second[0].shape or first[0].rows is not None or second[0].rows is not None:
        return None
    factors = [_factors(*each) for each in (first, second)]
    if factors[0] is None or factors[1] is None:
        return None
    (down1, up1), (down2, up2) = factors[0], factors[1]
    inner = _across(down2, down1) * _across(up1, up2).T
    norms = [np.sqrt(max(0.0, float((gram(down) * gram(up)).sum()))) for down, up in ((down1, up1), (down2, up2))]
    signs = np.sign(first[0].scaling) * np.sign(second[0].scaling)
    return float(np.clip(inner.sum() / (norms[0] * norms[1]), -1.0, 1.0) * signs) if norms[0] * norms[1] > 0 else None


def _factors(update: Update, content: memoryview) -> tuple[Tall, Tall] | None:
    if not isinstance(update, LowRankUpdate):
        return None
    down, up = (stored(content, span, survey(content, span).max_abs, near_one=True) for span in (update.down, update.up))
    return turned(down), up


def _across(one: Tall, two: Tall) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Xᵀ·Y of two tall matrices of one length."""
    total = np.zeros((one.rank, two.rank))
    step = max(1, 2**20 // max(one.rank, two.rank))
    for start in range(0, one.length, step):
        stop = min(start + step, one.length)
        total += one.rows(start, stop).T @ two.rows(start, stop)
    return total
