"""Looks for neurons of one adapter that cancel each other.

In a feed-forward block with GEGLU, y = Out · (value ⊙ gelu(gate)) (Shazeer 2020, arXiv 2002.05202): a neuron is a row of the value,
a row of the gate and a column of Out. Twins have ΔGate_i ∥ ΔGate_j and ΔOut_i = −c ΔOut_j: what one adds the other takes away. Such
an adapter does nothing alone, until a partner moves one of the twins.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lorascan.core.adapter import Adapter, LowRankUpdate, VettedFile
from lorascan.core.pairs import TwinBlock, TwinStatistics
from lorascan.core.tensors import TensorSpan
from lorascan.core.threads import AtOnce, threads
from lorascan.weights.decode import FORMATS, SINGLE, Matrix, Single, raw, single, to_float64, unit

GATE, OUT = ".net.0.proj", ".net.2"
"""How diffusers calls the projection to value and gate, in this order, and the projection out."""
NEURONS = 512
"""The heaviest of a block are compared, each with each."""
MOST_RANK = 512
ALIKE = 0.99
"""|cos| from which two directions count as one."""
_THREADS, _BESIDE = 2, 256
"""Blocks measured beside each other, and up to which rank: there one takes some 20 MB."""
_SKETCH = 8
"""Random directions by which weights are estimated to find the heaviest: the estimate's error is a third."""
_LEAST = 1e-30
_RIDGE = 1e-6
"""For each row of a metric whose diagonal is 1: above what float32 rounds away."""
_TAME = 1e6
"""Entries between this and its inverse overflow no product of float32."""
MatrixT = TypeVar("MatrixT", Matrix, Single)


def twins(adapter: Adapter, vetted: VettedFile) -> TwinStatistics:
    """One row a feed-forward block with low-rank updates of both projections; blocks with numbers that are not finite have none."""
    updates = {(each.component, each.module_path): each for each in adapter.updates if isinstance(each, LowRankUpdate)}
    pairs = list(_pairs(updates))
    small = [(gate, out) for gate, out in pairs if max(gate.rank, out.rank) <= MOST_RANK]
    count = min(_THREADS, os.cpu_count() or 1) if all(max(gate.rank, out.rank) <= _BESIDE for gate, out in small) else 1
    with threads(count) if count > 1 else AtOnce() as pool:
        measured = list(pool.map(lambda pair: _block(pair[0], pair[1], vetted.content), small))
    return TwinStatistics(blocks=tuple(each for each in measured if each is not None), left_out=len(pairs) - len(small))


def _pairs(updates: Mapping[tuple[str, str], LowRankUpdate]) -> Iterator[tuple[LowRankUpdate, LowRankUpdate]]:
    """The two updates of each block whose shapes are those of GEGLU."""
    for (component, path), gate in updates.items():
        out = updates.get((component, f"{path.removesuffix(GATE)}{OUT}")) if path.endswith(GATE) else None
        if out is not None and _readable(gate) and _readable(out) and gate.stored_shape[0] == 2 * out.stored_shape[1]:
            yield gate, out


def _readable(update: LowRankUpdate) -> bool:
    flat = len(update.down.shape) == 2 and len(update.up.shape) == 2
    plain = flat and update.rows is None and not update.permuted and update.rank > 0
    return plain and all(span.dtype in FORMATS for span in update.tensors)


def _block(gate: LowRankUpdate, out: LowRankUpdate, content: memoryview) -> TwinBlock | None:
    width = out.stored_shape[1]
    read = [_numbers(content, span) for span in (gate.up, gate.down, out.up, out.down)]
    if any(each is None for each in read):
        return None
    gates, inputs, outputs, columns = (each for each in read if each is not None)
    gates = gates[width:]  # (width, rank); ΔGate = gates · inputs
    chosen = np.argsort(-_size(gates, inputs.T) * _size(columns.T, outputs))[:NEURONS]
    gate_directions, gate_norms = _directions(gates[chosen], inputs @ inputs.T)
    out_directions, out_norms = _directions(columns.T[chosen], outputs.T @ outputs)
    weights = gate_norms * out_norms
    total = max(float(weights.sum()), _LEAST)
    same = gate_directions @ gate_directions.T.copy() >= ALIKE  # a copy: mirroring X·Xᵀ costs more than half of it spares
    np.fill_diagonal(same, val=False)
    opposed, matched = _twins(same, out_directions, weights) if same.any() else (0.0, 0.0)  # as in nearly every adapter
    return TwinBlock(
        where=f"{gate.component}.{gate.module_path.removesuffix(GATE)}",
        rank=min(gate.rank, out.rank),
        neurons=len(chosen),
        opposed=opposed / total,
        matched=matched / total,
    )


def _twins(same: NDArray[np.bool_], directions: Single, weights: Matrix) -> tuple[float, float]:
    """The weights of neurons whose directions oppose, or match, those of another one that is `same`."""
    cosines = directions @ directions.T
    return float(weights[(same & (cosines <= -ALIKE)).any(axis=1)].sum()), float(weights[(same & (cosines >= ALIKE)).any(axis=1)].sum())


def _numbers(content: memoryview, span: TensorSpan) -> Single | None:
    """The tensor in float32, over its largest entry where products could overflow; None where an entry is not finite.

    Only directions and shares are asked for, to a hundredth.
    """
    codes, dtype = raw(content, span), span.dtype
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype in SINGLE:
            numbers = single(codes, dtype)
            if unit(dtype) != 1.0:
                numbers *= np.float32(unit(dtype))  # the shift made an array of its own
        else:
            numbers = _over(to_float64(codes, dtype)).astype(np.float32)
        largest = _largest(numbers)
    if not np.isfinite(largest):
        return None
    return numbers if 1 / _TAME <= largest <= _TAME else _over(numbers)


def _largest(numbers: Matrix) -> float:
    """The largest magnitude; what is not finite stays so."""
    return float(max(numbers.max(initial=0.0), -numbers.min(initial=0.0)))


def _over(numbers: MatrixT) -> MatrixT:
    """The numbers over the largest."""
    largest = _largest(numbers)
    return numbers / numbers.dtype.type(largest) if largest > 0 else numbers


def _size(rows: Matrix, across: Matrix) -> Matrix:
    """About ‖rows_i · acrossᵀ‖ of each row, from its inner products with random directions; `across` is (width, rank)."""
    sketch = _random(len(across)) @ across
    return np.asarray(np.linalg.norm(rows @ sketch.T, axis=1))


@cache
def _random(width: int) -> Single:
    """The same directions for every block of one width, without any relation to weights: (_SKETCH, width).

    sin n² is as good as random here, and numpy's generators take ten milliseconds to import.
    """
    return np.asarray(np.sin(np.arange(1.0, _SKETCH * width + 1) ** 2).reshape(_SKETCH, width), dtype=np.float32)


def _directions(rows: Matrix, metric: Matrix) -> tuple[Single, Matrix]:
    """Unit rows (n, rank), and norms (n,), of rows (n, rank) in a space whose inner product is `metric`.

    Rows of no length stay zero. With metric = L·Lᵀ the row x is x·L in a plain space; what is added to the diagonal lets L exist where
    the metric is singular.
    """
    metric = metric.astype(np.float64)
    lengths = np.sqrt(np.maximum(np.diag(metric), _LEAST))
    metric /= np.outer(lengths, lengths)  # else a factor's large row would drown the others
    plain = _over(rows * lengths) @ np.linalg.cholesky(metric + _RIDGE * len(metric) * np.eye(len(metric)))
    norms = np.linalg.norm(plain, axis=1)
    return (plain / np.maximum(norms, _LEAST)[:, None]).astype(np.float32), norms
