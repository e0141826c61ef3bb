"""Finds a spectral norm without a decomposition."""

import numpy as np

from lorascan.weights.decode import Matrix

_MOST_STEPS = 512
"""Vectors of the Krylov space at most: flat spectra need hundreds."""
_CHECKED = 8
"""Steps between two looks at the norm."""
_SETTLED = 1e-12
"""Relative change between two looks at which the norm is taken: its error is of the order of the square of the vectors'."""
_NOTHING = 1e-13
"""Share of a vector below which what is left of it is rounding."""


def spectral_norm(matrix: Matrix) -> float:
    """‖M‖₂ of an (m, n) matrix, by Golub–Kahan–Lanczos bidiagonalisation from a fixed start, reorthogonalised throughout.

    Never above the true norm but for rounding. Source: Golub and Kahan 1965.
    """
    steps = min(*matrix.shape, _MOST_STEPS)
    if not steps:
        return 0.0
    left, right = np.zeros((steps, matrix.shape[0])), np.zeros((steps + 1, matrix.shape[1]))
    inner = np.zeros((steps, steps + 1))
    start = np.random.default_rng(0).standard_normal(matrix.shape[1])
    right[0] = start / np.linalg.norm(start)
    norm = 0.0
    for step in range(steps):
        inner[step, step] = _extend(matrix @ right[step], left, step)
        if inner[step, step]:
            inner[step, step + 1] = _extend(matrix.T @ left[step], right, step + 1)
        ended = not inner[step, step + 1]
        if ended or step % _CHECKED == _CHECKED - 1 or step == steps - 1:
            before, norm = norm, float(np.linalg.norm(inner[: step + 1, : step + 2], 2))
            if ended or norm - before <= _SETTLED * norm:
                break
    return norm


def _extend(vector: Matrix, basis: Matrix, count: int) -> float:
    """Put what of the vector is orthogonal to the first `count` rows there as the next one; its length, 0 where nothing is left."""
    length = float(np.linalg.norm(vector))
    rest = vector
    for _ in range(2 if count else 0):
        rest = rest - basis[:count].T @ (basis[:count] @ rest)
    left = float(np.linalg.norm(rest))
    if left <= _NOTHING * length or count >= len(basis):
        return 0.0
    basis[count] = rest / left
    return left
