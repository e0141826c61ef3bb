"""The statistics of paired effects in CLIP space."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def sign_flip_p_values(contrasts: Sequence[Array], seed: int, flips: int = 1999) -> list[float]:
    """Family-wise p-values of ‖mean‖ for each contrast (pairs, width), by paired sign flips with max-T.

    Under the null a pair's contrast is as likely as its opposite. All contrasts share the flips, and each is held
    against the largest statistic of the family (Westfall and Young 1993). p = (1 + #{max ≥ T}) / (1 + flips).
    """
    if not contrasts:
        return []
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(flips, len(contrasts[0])))
    observed = np.array([np.linalg.norm(each.mean(axis=0)) for each in contrasts])
    flipped = np.stack([_flipped_norms(signs, each) for each in contrasts])
    largest = flipped.max(axis=0)
    return [float((1 + (largest >= value - 1e-12).sum()) / (1 + flips)) for value in observed]


def _flipped_norms(signs: Array, contrast: Array) -> Array:
    gram = contrast @ contrast.T
    return np.asarray(np.sqrt(np.maximum(np.einsum("fi,ij,fj->f", signs, gram, signs), 0)) / len(contrast))


def unexplained_share(effect: Array, explained: Sequence[Array]) -> float:
    """‖E − P E‖ / ‖E‖ with P the projection on the span of `explained`; in [0, 1], 0 for a zero effect."""
    norm = float(np.linalg.norm(effect))
    if norm == 0:
        return 0.0
    rows = np.array([each for each in explained if np.linalg.norm(each) > 0]).reshape(-1, len(effect))
    if len(rows) == 0:
        return 1.0
    _, values, right = np.linalg.svd(rows, full_matrices=False)
    basis = right[values > 1e-6 * values.max()]
    return float(np.linalg.norm(effect - basis.T @ (basis @ effect)) / norm)


def interval(values: Array) -> tuple[float, float, float]:
    """Mean and its 95 % interval: ±1.96 standard errors; the interval is the mean itself for a single value."""
    mean = float(values.mean())
    if len(values) < 2:
        return mean, mean, mean
    error = 1.96 * float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    return mean, mean - error, mean + error


def spread(vectors: Array) -> float:
    """Trace of the covariance of (n, width) vectors."""
    return float(vectors.var(axis=0, ddof=1).sum())
