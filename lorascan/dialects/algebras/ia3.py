"""Reads (IA)³: a vector that scales the rows or columns of the base's weight.

Source: Liu et al. 2022; LyCORIS `ia3` (`.weight` beside `.on_input`); PEFT `ia3_l`.
"""

import math

from lorascan.core.updates import Update
from lorascan.core.whole_updates import ScaleUpdate
from lorascan.dialects._reasons import Reason
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand

WEIGHT, MARKER, VECTOR = "plain weight", "on_input", "ia3_l"


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of a vector and its marker; a plain weight without a marker, or one that is no vector, is left over."""
    if VECTOR in parts:
        (vector,) = demand(stem, parts, VECTOR)
        return (ScaleUpdate(**blank(stem), factors=vector, marker=None, on_input=_side(vector.shape), of_one=True),)
    if MARKER not in parts or (WEIGHT in parts and not _is_vector(parts[WEIGHT].shape)):
        return ()
    vector, marker = demand(stem, parts, WEIGHT, MARKER)
    return (ScaleUpdate(**blank(stem), factors=vector, marker=marker, on_input=None),)


def _is_vector(shape: tuple[int, ...]) -> bool:
    """Whether all but one side is 1: a whole weight does not become a vector by a marker beside it."""
    return max(shape, default=1) == math.prod(shape)


def _side(shape: tuple[int, ...]) -> bool | None:
    """Whether PEFT's vector scales the inputs: it is (1, in) there, (out, 1) else; None where both sides are 1 or neither is."""
    if len(shape) != 2 or (shape[0] == 1) == (shape[1] == 1):
        return None
    return shape[0] == 1


ALGEBRA = Algebra(
    name="ia3",
    endings=(
        Ending(text=".weight", role=WEIGHT, reason=Reason.BASE_WEIGHT),
        Ending(text=".bias", role="plain bias", reason=Reason.BIAS),
        Ending(text=".on_input", role=MARKER),
        Ending(text=".ia3_l", role=VECTOR),
    ),
    build=build,
    example={".weight": (320, 1), ".on_input": ()},
)
