"""Keeps the singular vectors of a base's weights in the user's cache.

A decomposition costs some 20·out·in·min(out, in) multiplications and is needed again for every adapter of a base. Files
are plain arrays (no pickle), named by the SHA-256 of the weight, readable by the user alone.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lorascan.bases import BaseTensor
from lorascan.core.atomic import write_atomically
from lorascan.weights.decode import Matrix

FOLDER = "base-vectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseVectors:
    """Of W₀: `left` (out, n) are its left singular vectors, `values` (n,) its singular values, descending; n = min(out, in)."""

    left: Matrix
    values: Matrix


def base_vectors(tensor: BaseTensor, weight: Matrix, folder: Path | None = None) -> BaseVectors:
    """The singular vectors of a base's weight, from the cache or computed and put there.

    `weight` is the tensor, (out, in·kh·kw) in float64; `folder` is the cache's, by default the user's. A cache that cannot
    be written or read is done without.
    """
    home = _home() if folder is None else folder
    path = home / f"{_digest(tensor)}.npy"
    known = _read(path, weight.shape)
    if known is None:
        left, values, _ = np.linalg.svd(weight, full_matrices=False)
        known = np.concatenate((values[None, :], left)).astype(np.float32)
        _write(path, known)
    return BaseVectors(left=known[1:].astype(np.float64), values=known[0].astype(np.float64))


def _home() -> Path:
    from platformdirs import user_cache_path  # noqa: PLC0415 - for this only

    return user_cache_path("lorascan") / FOLDER


def _digest(tensor: BaseTensor) -> str:
    head = f"{tensor.span.dtype} {tensor.span.shape}".encode()
    return hashlib.sha256(head + b"\0" + hashlib.sha256(tensor.content).digest()).hexdigest()


def _read(path: Path, shape: tuple[int, ...]) -> Matrix | None:
    """The array of the cache; None where there is none of this shape in finite float32 numbers."""
    try:
        found: Matrix = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = found.dtype == np.float32 and found.shape == (shape[0] + 1, min(shape)) and bool(np.isfinite(found).all())
    return found if fits else None


def _write(path: Path, array: Matrix) -> None:
    """Put the array there whole, mode 0600."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, content.getvalue(), private=True)
    except OSError:
        return
