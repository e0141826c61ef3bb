"""Adds two adapters, factor beside factor."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_SIDES = {"lora_A": 0, "lora_B": 1}
"""Which factor, and along which of its dimensions its rank runs."""


def joined(first: Mapping[str, NDArray[np.float32]], second: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """The factors of ΔW₁ + ΔW₂ of every module, from tensors as `read_canonical` gives them.

    B₁A₁ + B₂A₂ = [B₁ B₂][A₁; A₂]: exact, with the sum of the ranks. A module that one of them leaves alone keeps the other's.
    """
    both = {name: np.concatenate([first[name], second[name]], axis=_axis(name)) for name in first if name in second}
    return {**first, **second, **both}


def _axis(name: str) -> int:
    return _SIDES[name.rsplit(".", 2)[1]]
