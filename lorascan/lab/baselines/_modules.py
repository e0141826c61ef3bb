"""An adapter's updates as pairs of matrices, for the baselines."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lorascan.bases import base_weights, manifests_for
from lorascan.dialects import read_adapter
from lorascan.intake import vet
from lorascan.lab.assets import base_folder
from lorascan.settings import DEFAULT
from lorascan.weights.canonical import canonical, read_canonical

Array = NDArray[np.float64]

PROJECTIONS = ("q", "k", "v", "out")
_PROJECTION = re.compile(r"(?:to_|\.)(q|k|v|out)(?:_proj)?(?:\.0)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """ΔW = up · down of one module, scaling included: down (rank, in·kernel), up (out, rank)."""

    path: str
    down: Array
    up: Array

    @property
    def projection(self) -> str:
        """q, k, v or out of an attention; "" for any other module."""
        found = _PROJECTION.search(self.path)
        return found[1] if found else ""

    @property
    def delta(self) -> Array:
        """ΔW (out, in·kernel)."""
        return np.asarray(self.up @ self.down)

    def decomposed(self) -> tuple[Array, Array, Array]:
        """U (out, r), σ (r,) descending, Vᵀ (r, in·kernel), without forming ΔW."""
        left, upper = np.linalg.qr(self.up)
        right, lower = np.linalg.qr(self.down.T)
        inner, values, outer = np.linalg.svd(upper @ lower.T)
        rank = len(values)
        return left @ inner[:, :rank], values, outer[:rank] @ right.T


def read_modules(path: Path) -> list[Module]:
    """Every update of a lab adapter that can be loaded, as pairs, in name order. Raises Refused for a bad file."""
    vetted = vet(path, DEFAULT.limits)
    adapter = read_adapter(vetted, manifests_for("lab"), DEFAULT.limits)
    tensors = read_canonical(canonical(adapter, vetted, base_weights(base_folder())))
    stems = sorted(name.removesuffix(".lora_A.weight") for name in tensors if name.endswith(".lora_A.weight"))
    found = []
    for stem in stems:
        down, up = (tensors[f"{stem}.lora_{side}.weight"].astype(np.float64) for side in "AB")
        found.append(Module(path=stem, down=down.reshape(len(down), -1), up=up.reshape(up.shape[0], -1)))
    return found
