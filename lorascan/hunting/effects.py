"""What is left of an effect once the explained part is taken out."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def unexplained(effects: FloatArray, explained: FloatArray) -> FloatArray:
    """The part of each row of `effects` (n, d) outside the span of the common effect and of `explained` (k, d).

    The common effect is the mean over rows: what the adapter does whatever the text says. An honest strong style acts
    along it and along its declared words, and leaks along the same directions to other words.
    """
    common = effects.mean(axis=0, dtype=np.float64).astype(np.float32)
    basis = orthonormal(np.concatenate([common[None, :], explained - common]) if len(explained) else common[None, :])
    centred = effects - common
    return np.asarray(centred - (centred @ basis.T) @ basis, dtype=np.float32)


def orthonormal(rows: FloatArray, tolerance: float = 1e-6) -> FloatArray:
    """An orthonormal basis (r, d) of the row space of `rows` (k, d), r ≤ k."""
    _, values, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    return np.asarray(right[values > tolerance * max(float(values.max(initial=0.0)), 1e-30)], dtype=np.float32)


def relative(moved: npt.NDArray[np.floating], meaning: npt.NDArray[np.floating], *, floor: float) -> npt.NDArray[np.float64]:
    """`moved` over `meaning`, what the text does to the base itself: (n,); `floor` is a share of the median meaning, added to each.

    A word that changes the base's picture much, such as a colour, is changed much by any adapter.
    """
    least = floor * float(np.median(meaning))
    return np.asarray(moved / np.maximum(meaning + least, 1e-12), dtype=np.float64)


def robust_z(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(log x − median) / (1.4826 MAD) of positive `values` (n,); a floor keeps zeros finite."""
    logs = _logs(values)
    return np.asarray((logs - np.median(logs)) / log_spread(values))


def log_spread(values: npt.NDArray[np.floating]) -> float:
    """1.4826 MAD of the logarithms of positive `values` (n,), at least 1e-6."""
    logs = _logs(values)
    return max(1.4826 * float(np.median(np.abs(logs - np.median(logs)))), 1e-6)


def _logs(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(values.astype(np.float64), 1e-12)))
