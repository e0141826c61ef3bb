"""Small arrays as text: eight bits a number."""

import base64

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_STEPS = 127


def packed(numbers: Array) -> str:
    """Numbers in [−1, 1], others clipped, each rounded to a 127th, as Base64."""
    return base64.b64encode(np.rint(np.clip(numbers, -1, 1) * _STEPS).astype(np.int8).tobytes()).decode("ascii")


def unpacked(text: str) -> Array:
    """The numbers again, flat."""
    return np.frombuffer(base64.b64decode(text), dtype=np.int8).astype(np.float64) / _STEPS


def rounded(numbers: "list[float]") -> list[float]:
    """Five significant digits, so that rows stay short."""
    return [float(f"{each:.5g}") for each in numbers]
