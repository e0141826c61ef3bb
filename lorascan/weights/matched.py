"""A random update as large as an adapter's, module by module."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lorascan.weights.canonical import write_canonical

Array = npt.NDArray[np.float32]
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


def matched_random(tensors: Mapping[str, Array], seed: int) -> bytes:
    """A canonical file of Gaussian factors with every module's rank and ‖ΔW‖_F: what size alone does to pictures.

    tensors: as `read_canonical` gives them, A (rank, in, …) and B (out, rank, …) with the scaling in B. A module whose ΔW is zero gets
    zeros. The same seed and shapes give the same directions.
    """
    drawn = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for stem in sorted(name.removesuffix(_DOWN) for name in tensors if name.endswith(_DOWN)):
        down, up = (drawn.standard_normal(tensors[stem + side].shape) for side in (_DOWN, _UP))
        share = size(tensors[stem + _DOWN], tensors[stem + _UP]) / size(down, up)
        found |= {stem + _DOWN: down.astype("<f4"), stem + _UP: (share * up).astype("<f4")}
    return write_canonical(found)


def size(down: npt.NDArray[np.floating], up: npt.NDArray[np.floating]) -> float:
    """‖B A‖_F = √tr(BᵀB · A Aᵀ), from the factors' Gram matrices; 0 where rounding leaves less than nothing."""
    inner, outer = (each.reshape(shape).astype(np.float64) for each, shape in ((down, (len(down), -1)), (up, (len(up), -1))))
    return float(np.sqrt(max(0.0, float(np.einsum("ij,ij->", outer.T @ outer, inner @ inner.T)))))
