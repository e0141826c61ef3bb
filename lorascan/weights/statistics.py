"""Describes spectra in a few numbers."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lorascan.core.adapter import LayerStatistics, LowRankUpdate, Update
from lorascan.weights.decode import Matrix

RANK_THRESHOLD = 1e-7
"""Singular values below this share of the largest do not count: the error of the others' squares reaches up to here."""

KEPT = 512
"""Singular values listed of a kind that is not low-rank; its statistics are those of all."""

_TOGETHER = 2**18
"""Singular values described at once: 2 MiB."""
_LARGEST = sys.float_info.max
"""What stands for a number that overflowed: reports hold finite numbers only."""

Spectrum = tuple[Update, Matrix, float]
"""An update, the singular values of ΔW/gain (descending, finite or overflowed to inf), its tensors' largest |entry|."""


def describe(update: Update, values: Matrix, max_abs: float, gain: float) -> LayerStatistics:
    """The statistics of ΔW from the singular values of ΔW/gain."""
    return _stack([(update, values, max_abs)], np.array([gain]))[0]


def described(found: Sequence[Spectrum]) -> tuple[LayerStatistics, ...]:
    """The statistics of every ΔW, in order; the gain is |s|. Spectra of one length are described together."""
    layers: dict[int, LayerStatistics] = {}
    by_length: dict[int, list[int]] = {}
    for index, (_, values, _) in enumerate(found):
        by_length.setdefault(values.size, []).append(index)
    for length, indices in by_length.items():
        step = max(1, _TOGETHER // max(1, length))
        for start in range(0, len(indices), step):
            chunk = indices[start : start + step]
            gains = np.array([abs(found[each][0].scaling) for each in chunk])
            layers.update(zip(chunk, _stack([found[each] for each in chunk], gains), strict=True))
    return tuple(layers[index] for index in range(len(found)))


def _stack(found: Sequence[Spectrum], gains: Matrix) -> list[LayerStatistics]:
    """The statistics of spectra of one length. An update of gain 0 is all zeros."""
    values = np.where(gains[:, None] > 0, np.stack([values for _, values, _ in found]), 0.0)
    shares = _relative(values)
    with np.errstate(over="ignore"):
        scaled = np.minimum(values * gains[:, None], _LARGEST)
        spectral = scaled.max(axis=1, initial=0.0)
        total, squares = shares.sum(axis=1), (shares**2).sum(axis=1)
        columns = {
            "numerical_rank": (shares > RANK_THRESHOLD).sum(axis=1),
            "spectral": spectral,
            "frobenius": np.minimum(spectral * np.sqrt(squares), _LARGEST),
            "nuclear": np.minimum(spectral * total, _LARGEST),
            "stable_rank": squares,
            "entropy": (entropy := _entropy(shares, total)),
            "effective_rank": np.where(total > 0, np.exp(entropy), 0.0),
            "leading_share": np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0),
        }
    rows = zip(found, scaled.tolist(), zip(*(each.tolist() for each in columns.values()), strict=True), strict=True)
    return [_layer(*spectrum, listed, dict(zip(columns, numbers, strict=True))) for spectrum, listed, numbers in rows]


def _layer(update: Update, _: Matrix, max_abs: float, listed: list[float], numbers: Mapping[str, Any]) -> LayerStatistics:
    return LayerStatistics(
        module_path=update.module_path,
        component=update.component,
        shape=update.shape,
        rank=update.rank,
        alpha=update.alpha,
        scaling=update.scaling,
        max_abs=max_abs,
        singular_values=tuple(listed if isinstance(update, LowRankUpdate) else listed[:KEPT]),
        kind=update.name,
        parameter=update.parameter,
        **numbers,
    )


def _relative(values: Matrix) -> Matrix:
    """The values of each row divided by its largest: between 0 and 1, all 0 where the largest is 0."""
    largest = values.max(axis=1, initial=0.0)[:, None]
    with np.errstate(invalid="ignore"):
        shares: Matrix = np.divide(values, largest, out=np.zeros_like(values), where=largest > 0)
    return np.where(np.isnan(shares), 1.0, shares)  # inf/inf


def _entropy(shares: Matrix, total: Matrix) -> Matrix:
    """−Σ p·ln p of the shares as weights that sum to 1, in nats; 0 where all are 0."""
    weights = np.divide(shares, total[:, None], out=np.zeros_like(shares), where=total[:, None] > 0)
    logarithms = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    found: Matrix = np.maximum(0.0, -(weights * logarithms).sum(axis=1))
    return found
