"""Reads LoKr: the Kronecker product of two matrices, each whole or factored.

Source: Edalati et al. 2022 (KronA); LyCORIS `lokr`.
"""

import math

from lorascan.core.product_updates import KroneckerUpdate, Side
from lorascan.core.updates import Update
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand, equal, fault, tables

_ROLES = tuple(f"lokr_{each}" for each in ("w1", "w1_a", "w1_b", "t1", "w2", "w2_a", "w2_b", "t2"))


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of two sides; nothing where there is no factor."""
    if not set(_ROLES) & set(parts):
        return ()
    w1, w2 = _side(stem, parts, "1"), _side(stem, parts, "2")
    return (KroneckerUpdate(**blank(stem), w1=w1, w2=w2),)


def _side(stem: str, parts: Parts, number: str) -> Side:
    whole, core = f"lokr_w{number}", f"lokr_t{number}"
    factors = (f"lokr_w{number}_a", f"lokr_w{number}_b")
    if whole in parts:
        if {*factors, core} & set(parts):
            raise fault(stem, f"both {whole} and its factors: which is used depends on the loader")
        (span,) = demand(stem, parts, whole)
        tables(stem, span)
        return span
    a, b = demand(stem, parts, *factors)
    tables(stem, a, b)
    if core not in parts:
        equal(stem, f"{a.shape} · {b.shape}", math.prod(a.shape[1:]), b.shape[0])
        return a, b
    (middle,) = demand(stem, parts, core)
    tables(stem, middle)
    equal(stem, f"core {middle.shape}, first factor {a.shape}", middle.shape[0], a.shape[0])
    equal(stem, f"core {middle.shape}, second factor {b.shape}", middle.shape[1], b.shape[0])
    equal(stem, f"factors {a.shape} and {b.shape} beside a core", len(a.shape) + len(b.shape), 4)
    return a, b, middle


ALGEBRA = Algebra(
    name="lokr",
    endings=tuple(Ending(text=f".{role}", role=role) for role in _ROLES),
    build=build,
    example={".lokr_w1": (16, 16), ".lokr_w2_a": (20, 4), ".lokr_w2_b": (4, 20)},
)
