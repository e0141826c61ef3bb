"""Reads GLoRA: a low-rank function of the base's weight beside a low-rank update.

Source: Chavan et al. 2023; LyCORIS `glora`, whose older files store each product's factors the other way round.
"""

import math

from lorascan.core.updates import Update
from lorascan.core.whole_updates import GloraUpdate
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand, fault, tables

_FACTORS = ("a1", "a2", "b1", "b2")


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of four factors; nothing where there is no factor."""
    if not {*_FACTORS, "bm"} & set(parts):
        return ()
    a1, a2, b1, b2 = demand(stem, parts, *_FACTORS)
    tables(stem, a1, a2, b1, b2)
    if b1.shape[1] != b2.shape[0] and b2.shape[1] != b1.shape[0]:
        raise fault(stem, f"the factors do not fit together: b1 {b1.shape}, b2 {b2.shape}", measured=b1.shape[1], threshold=b2.shape[0])
    update = GloraUpdate(**blank(stem), a1=a1, a2=a2, b1=b1, b2=b2, bm=demand(stem, parts, "bm")[0] if "bm" in parts else None)
    if not _fits(update):
        shapes = ", ".join(f"{role} {parts[role].shape}" for role in (*_FACTORS, "bm") if role in parts)
        raise fault(stem, f"the factors do not fit together: {shapes}")
    return (update,)


def _fits(update: GloraUpdate) -> bool:
    """Whether each left factor has a column for each row of its right one, and the core for both of b's."""
    pairs = ((update.a1, update.a2), (update.b1, update.b2))
    (a_left, a_right), (left, right) = pairs if update.left_first else tuple((second, first) for first, second in pairs)
    inner = all(math.prod(one.shape[1:]) == other.shape[0] for one, other in ((a_left, a_right), (left, right)))
    if update.bm is None:
        return inner
    core = update.bm.shape
    return inner and len(core) > 2 and core[:2] == (left.shape[1], right.shape[0]) and math.prod(right.shape[2:]) == 1


ALGEBRA = Algebra(
    name="glora",
    endings=tuple(Ending(text=f".{role}.weight", role=role) for role in (*_FACTORS, "bm")),
    build=build,
    example={".a1.weight": (320, 4), ".a2.weight": (4, 320), ".b1.weight": (320, 4), ".b2.weight": (4, 320)},
)
