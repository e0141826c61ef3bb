"""Finds the singular values of B·A without forming it.

G_A = A·Aᵀ = L·Lᵀ and G_B = Bᵀ·B give σ² as the eigenvalues of Lᵀ·G_B·L, because ΔW ᵀΔW = AᵀG_B·A shares its non-zero
eigenvalues with G_B·A·Aᵀ = G_B·L·Lᵀ. Squaring costs half the digits of the smallest values; where that would show, the
values come from the triangular factors R of two QR decompositions instead: σ(B·A) = σ(R_B·R_Aᵀ).
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lorascan.core.threads import AtOnce, threads
from lorascan.weights.decode import Matrix
from lorascan.weights.factors import BLOCK, Tall, blocks, whole

TOLERANCE = 1e-8
"""Largest accepted error of a singular value, as a share of the largest one."""
_EPSILON = float(np.finfo(np.float64).eps)
_STACK = 2**16
"""Entries of the Gram matrices solved at once: 512 KiB a stack, of which four are held and stay in a second-level cache."""
_BESIDE = 2**21
"""Entries of the stacks solved beside each other: 64 MiB with the four that each of them holds."""
_THREADS = 4
"""Stacks solved beside each other at most."""
_SQUARE = 2**21
"""Entries decoded at a time for a QR decomposition of a wide matrix, 16 MiB: each block costs rank² · (rank + its rows)."""

Pair = tuple[Tall, Tall]


def singular_values(pairs: Sequence[Pair]) -> list[Matrix]:
    """For every (Aᵀ, B) the min(rank, out, in) largest singular values of B·A, descending, in float64.

    Updates of one rank are solved together, stacks of them in threads: numpy lets go of the interpreter lock.
    """
    found: dict[int, Matrix] = {}
    by_rank: dict[int, list[int]] = {}
    for index, (down, up) in enumerate(pairs):
        if down.rank > min(down.length, up.length):
            found[index] = _wide(down, up)
        else:
            by_rank.setdefault(down.rank, []).append(index)
    for count, chunks in _beside(by_rank).items():
        with threads(count) if count > 1 else AtOnce() as pool:
            for chunk, values in zip(chunks, pool.map(_stacked, ([pairs[each] for each in chunk] for chunk in chunks)), strict=True):
                found.update(zip(chunk, values, strict=True))
    return [found[index] * (down.unit * up.unit) for index, (down, up) in enumerate(pairs)]


def _beside(by_rank: Mapping[int, Sequence[int]]) -> dict[int, list[Sequence[int]]]:
    """Number of threads → stacks of updates of one rank that so many threads may solve: the larger, the fewer."""
    chunks: dict[int, list[Sequence[int]]] = {}
    for rank, indices in by_rank.items():
        count = min(_THREADS, os.cpu_count() or 1, max(1, _BESIDE // max(rank**2, _STACK)))
        step = max(1, min(_STACK // max(1, rank**2), -(-len(indices) // count)))
        chunks.setdefault(count, []).extend(indices[start : start + step] for start in range(0, len(indices), step))
    return chunks


def dense_values(tall: Tall) -> Matrix:
    """The singular values of a matrix with no more columns than rows, descending, in float64."""
    total = gram(tall)
    values: Matrix = np.sqrt(np.maximum(np.linalg.eigvalsh(total), 0.0))[::-1]
    if not values.size or _EPSILON * float(np.linalg.norm(total)) <= TOLERANCE * float(values[0]) * float(values[-1]):
        return values * tall.unit
    return np.linalg.svd(_triangle(_high_blocks(tall)), compute_uv=False) * tall.unit


def gram(factor: Tall) -> Matrix:
    """Xᵀ·X of the tall factor X, (rank, rank)."""
    total = np.empty((factor.rank, factor.rank))
    _gram_into(total, factor)
    return total


def _gram_into(total: Matrix, factor: Tall) -> None:
    pieces = blocks(factor)
    first = next(pieces, None)
    if first is None:
        total[...] = 0.0
        return
    np.matmul(first.T, first, out=total)
    for block in pieces:
        total += block.T @ block


def _stacked(pairs: Sequence[Pair]) -> list[Matrix]:
    """The singular values of pairs of one rank."""
    rank = pairs[0][0].rank
    downs, ups = np.empty((len(pairs), rank, rank)), np.empty((len(pairs), rank, rank))
    for index, (down, up) in enumerate(pairs):
        _gram_into(downs[index], down)
        _gram_into(ups[index], up)
    try:
        values, sure = _solved(downs, ups)
    except np.linalg.LinAlgError:
        return [_alone(pair, downs[index : index + 1], ups[index : index + 1]) for index, pair in enumerate(pairs)]
    del downs, ups
    return [each if is_sure else by_qr(*pair) for pair, each, is_sure in zip(pairs, values, sure.tolist(), strict=True)]


def _alone(pair: Pair, down: Matrix, up: Matrix) -> Matrix:
    """One module of a stack in which some Gram matrix is singular."""
    try:
        values, sure = _solved(down, up)
    except np.linalg.LinAlgError:
        return by_qr(*pair)
    return values[0] if sure[0] else by_qr(*pair)


def _solved(downs: Matrix, ups: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
    """σ of every module, descending, and whether δσ ≈ ε·‖G_A‖·‖G_B‖ / (2·σ_min) stays within the tolerance.

    Raises LinAlgError where a Gram matrix of `downs` is singular, which are then untouched; else `downs` is used up.
    """
    lower = np.linalg.cholesky(downs)
    noise = _EPSILON * _norms(downs) * _norms(ups)
    inner = np.matmul(np.swapaxes(lower, -1, -2) @ ups, lower, out=downs)
    del lower
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(inner), 0.0))[..., ::-1]
    return values, noise <= TOLERANCE * values[:, 0] * values[:, -1]


def _norms(stack: Matrix) -> Matrix:
    """The Frobenius norm of every matrix."""
    flat = stack.reshape(len(stack), -1)
    norms: Matrix = np.sqrt(np.vecdot(flat, flat))
    return norms


def by_qr(down: Tall, up: Tall) -> Matrix:
    """Singular values of B·A from the triangular factors of Aᵀ and B."""
    core = _triangle(_high_blocks(up)) @ _triangle(_high_blocks(down)).T
    return np.linalg.svd(core, compute_uv=False)


def _wide(down: Tall, up: Tall) -> Matrix:
    """Where the rank exceeds a side of ΔW: QR of the long factor times the short one, so that nothing is rank × rank."""
    long, short = (down, up) if down.length >= up.length else (up, down)
    side = whole(short).T
    return np.linalg.svd(_triangle(block @ side for block in blocks(long)), compute_uv=False)


def _high_blocks(tall: Tall) -> Iterator[Matrix]:
    """Blocks as high as the matrix is wide, within bounds: low ones would be decomposed together with the triangle over and over."""
    return blocks(tall, max(BLOCK, min(tall.rank**2, _SQUARE)))


def _triangle(pieces: Iterable[Matrix]) -> Matrix:
    """R of the QR decomposition of the stacked blocks, block by block."""
    triangle: Matrix | None = None
    for block in pieces:
        rows = block if triangle is None else np.concatenate((triangle, block))
        triangle = np.asarray(np.linalg.qr(rows, mode="r"))
    return np.zeros((0, 0)) if triangle is None else triangle
