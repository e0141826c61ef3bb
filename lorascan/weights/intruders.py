"""Counts the intruder dimensions of a changed weight."""

import numpy as np

from lorascan.weights.decode import Matrix

LEADING = 10
"""Leading singular vectors of the changed weight that are looked at, as in the paper."""
ALIKE = 0.5
"""A vector whose largest |cosine| with the base's vectors is below this intrudes: the middle of the paper's range."""


def intruder_dimensions(changed: Matrix, base_left: Matrix, delta: Matrix) -> int:
    """How many of the `LEADING` first left singular vectors of a changed weight are like none of the base's, 0 to 10.

    Source: Shuttleworth et al. 2024, "LoRA vs full fine-tuning: an illusion of equivalence".
    `changed` and `delta` are (out, in), `base_left` (out, n). The leading vectors come from two steps of subspace iteration
    that begin with the base's own leading vectors and with the range of ΔW, where a new one must come from.
    """
    probes = np.random.default_rng(0).standard_normal((delta.shape[1], 2 * LEADING))
    basis = np.concatenate((base_left[:, : 2 * LEADING], delta @ probes), axis=1)
    for _ in range(2):
        basis = np.linalg.qr(changed @ (changed.T @ np.linalg.qr(basis)[0]))[0]
    inner, _, _ = np.linalg.svd(basis.T @ changed, full_matrices=False)
    leading = basis @ inner[:, :LEADING]
    likeness = np.abs(base_left.T @ leading).max(axis=0)
    return int((likeness < ALIKE).sum())
