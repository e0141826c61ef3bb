"""Reads GLoRA: a low-rank function of the base's weight beside a low-rank update.

Source: Chavan et al. 2023; LyCORIS `glora`, whose older files store each product's factors the other way round.
"""

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
    return (GloraUpdate(**blank(stem), a1=a1, a2=a2, b1=b1, b2=b2, bm=parts.get("bm")),)


ALGEBRA = Algebra(
    name="glora",
    endings=tuple(Ending(text=f".{role}.weight", role=role) for role in (*_FACTORS, "bm")),
    build=build,
    example={".a1.weight": (320, 4), ".a2.weight": (4, 320), ".b1.weight": (320, 4), ".b2.weight": (4, 320)},
)
