"""Finds the singular values of B·A without forming it.

G_A = A·Aᵀ = L·Lᵀ and G_B = Bᵀ·B give σ² as the eigenvalues of Lᵀ·G_B·L, because ΔW ᵀΔW = AᵀG_B·A shares its non-zero
eigenvalues with G_B·A·Aᵀ = G_B·L·Lᵀ. Squaring costs half the digits of the smallest values; where that would show, the
values come from the triangular factors R of two QR decompositions instead: σ(B·A) = σ(R_B·R_Aᵀ).
"""

import os
from collections.abc import Iterable, Sequence

import numpy as np

from lorascan.core.threads import threads
from lorascan.weights.decode import Matrix
from lorascan.weights.factors import Tall, blocks, whole

TOLERANCE = 1e-8
"""Largest accepted error of a singular value, as a share of the largest one."""
_EPSILON = float(np.finfo(np.float64).eps)
_STACK = 2**18
"""Entries of the Gram matrices solved at once: 2 MiB a stack."""
_THREADS = 4
"""Stacks solved beside each other; each holds some 10 MiB."""

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
    chunks = [
        indices[start : start + step]
        for rank, indices in by_rank.items()
        for step in (max(1, _STACK // rank**2),)
        for start in range(0, len(indices), step)
    ]  # fmt: skip
    with threads(min(_THREADS, os.cpu_count() or 1)) as pool:
        for chunk, values in zip(chunks, pool.map(_stacked, ([pairs[each] for each in chunk] for chunk in chunks)), strict=True):
            found.update(zip(chunk, values, strict=True))
    return [found[index] * (down.unit * up.unit) for index, (down, up) in enumerate(pairs)]


def dense_values(tall: Tall) -> Matrix:
    """The singular values of a matrix with no more columns than rows, descending, in float64."""
    total = gram(tall)
    values: Matrix = np.sqrt(np.maximum(np.linalg.eigvalsh(total), 0.0))[::-1]
    if not values.size or _EPSILON * float(np.linalg.norm(total)) <= TOLERANCE * float(values[0]) * float(values[-1]):
        return values * tall.unit
    return np.linalg.svd(_triangle(blocks(tall)), compute_uv=False) * tall.unit


def gram(factor: Tall) -> Matrix:
    """Xᵀ·X of the tall factor X, (rank, rank)."""
    total = np.zeros((factor.rank, factor.rank))
    for block in blocks(factor):
        total += block.T @ block
    return total


def _stacked(pairs: Sequence[Pair]) -> list[Matrix]:
    downs = np.stack([gram(down) for down, _ in pairs])
    ups = np.stack([gram(up) for _, up in pairs])
    try:
        lower = np.linalg.cholesky(downs)
    except np.linalg.LinAlgError:
        return [_alone(pair, g_down, g_up) for pair, g_down, g_up in zip(pairs, downs, ups, strict=True)]
    return [
        _checked(pair, values, g_down, g_up) for pair, values, g_down, g_up in zip(pairs, _from_lower(lower, ups), downs, ups, strict=True)
    ]


def _alone(pair: Pair, g_down: Matrix, g_up: Matrix) -> Matrix:
    """One module of a stack in which some Gram matrix is singular."""
    try:
        lower = np.linalg.cholesky(g_down)
    except np.linalg.LinAlgError:
        return by_qr(*pair)
    return _checked(pair, _from_lower(lower, g_up), g_down, g_up)


def _from_lower(lower: Matrix, ups: Matrix) -> Matrix:
    """σ, descending along the last axis."""
    squares = np.linalg.eigvalsh(np.swapaxes(lower, -1, -2) @ ups @ lower)
    values: Matrix = np.sqrt(np.maximum(squares, 0.0))[..., ::-1]
    return values


def _checked(pair: Pair, values: Matrix, g_down: Matrix, g_up: Matrix) -> Matrix:
    """The values, or those by QR where δσ ≈ ε·‖G_A‖·‖G_B‖ / (2·σ_min) may exceed the tolerance."""
    noise = _EPSILON * float(np.linalg.norm(g_down)) * float(np.linalg.norm(g_up))
    if noise <= TOLERANCE * float(values[0]) * float(values[-1]):
        return values
    return by_qr(*pair)


def by_qr(down: Tall, up: Tall) -> Matrix:
    """Singular values of B·A from the triangular factors of Aᵀ and B."""
    core = _triangle(blocks(up)) @ _triangle(blocks(down)).T
    return np.linalg.svd(core, compute_uv=False)


def _wide(down: Tall, up: Tall) -> Matrix:
    """Where the rank exceeds a side of ΔW: QR of the long factor times the short one, so that nothing is rank × rank."""
    long, short = (down, up) if down.length >= up.length else (up, down)
    side = whole(short).T
    return np.linalg.svd(_triangle(block @ side for block in blocks(long)), compute_uv=False)


def _triangle(pieces: Iterable[Matrix]) -> Matrix:
    """R of the QR decomposition of the stacked blocks, block by block."""
    triangle: Matrix | None = None
    for block in pieces:
        rows = block if triangle is None else np.concatenate((triangle, block))
        triangle = np.asarray(np.linalg.qr(rows, mode="r"))
    return np.zeros((0, 0)) if triangle is None else triangle
