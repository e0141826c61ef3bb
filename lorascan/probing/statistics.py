"""The statistics of paired effects in CLIP space."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def sign_flip_p_values(contrasts: Sequence[Array], seed: int, flips: int = 1999) -> list[float]:
    """Family-wise p-values of a steady direction in each contrast (pairs, width), by paired sign flips with max-T.

    T = ‖Σ dᵢ‖ / √Σ‖dᵢ‖², between 0 and √pairs, has no unit: a word with a large effect does not drown the others'. Under the
    null a pair's contrast is as likely as its opposite. All contrasts share the flips, and each T is held against the
    largest of the family (Westfall and Young 1993). p = (1 + #{max ≥ T}) / (1 + flips).
    """
    if not contrasts:
        return []
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(flips, len(contrasts[0])))
    observed = [float(_steadiness(np.ones((1, len(each))), each)[0]) for each in contrasts]
    largest = np.stack([_steadiness(signs, each) for each in contrasts]).max(axis=0)
    return [float((1 + (largest >= value - 1e-9).sum()) / (1 + flips)) for value in observed]


def one_sided_p_values(losses: Sequence[Array], seed: int, flips: int = 1999) -> list[float]:
    """The same for scalar losses (pairs,): T = Σ xᵢ / √Σ xᵢ², large where nearly every pair loses. One-sided."""
    if not losses:
        return []
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(flips, len(losses[0])))
    scales = [max(float(np.linalg.norm(each)), 1e-15) for each in losses]
    largest = np.stack([signs @ each / scale for each, scale in zip(losses, scales, strict=True)]).max(axis=0)
    observed = [float(each.sum()) / scale for each, scale in zip(losses, scales, strict=True)]
    return [float((1 + (largest >= value - 1e-9).sum()) / (1 + flips)) for value in observed]


def _steadiness(signs: Array, contrast: Array) -> Array:
    """T of the contrast under each row of signs (flips, pairs): (flips,)."""
    gram = contrast @ contrast.T
    squares = np.maximum(np.einsum("fi,ij,fj->f", signs, gram, signs), 0)
    return np.asarray(np.sqrt(squares / max(float(np.trace(gram)), 1e-30)))


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
