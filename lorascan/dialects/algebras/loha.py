"""Reads LoHa: the entrywise product of two pairs of factors.

Source: Hyeon-Woo et al. 2022 (FedPara); LyCORIS `loha`.
"""

import math

from lorascan.core.product_updates import HadamardUpdate
from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import Update
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand, equal, fault, tables

_FACTORS = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
_CORES = ("hada_t1", "hada_t2")


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of four factors and no or two cores; nothing where there is no factor."""
    if not {*_FACTORS, *_CORES} & set(parts):
        return ()
    w1a, w1b, w2a, w2b = demand(stem, parts, *_FACTORS)
    tables(stem, w1a, w1b, w2a, w2b)
    if not set(_CORES) & set(parts):
        _plain(stem, w1a, w1b)
        _plain(stem, w2a, w2b)
        update = HadamardUpdate(**blank(stem), w1a=w1a, w1b=w1b, w2a=w2a, w2b=w2b)
        sides = [(w1a.shape[0], math.prod(w1b.shape[1:])), (w2a.shape[0], math.prod(w2b.shape[1:]))]
    else:
        t1, t2 = demand(stem, parts, *_CORES)
        update = HadamardUpdate(**blank(stem), w1a=w1a, w1b=w1b, w2a=w2a, w2b=w2b, t1=t1, t2=t2)
        sides = [_cored(stem, w1a, w1b, t1), _cored(stem, w2a, w2b, t2)]
    if sides[0] != sides[1]:
        raise fault(stem, f"the two products have different shapes: {sides[0]} and {sides[1]}")
    return (update,)


def _plain(stem: str, a: TensorSpan, b: TensorSpan) -> None:
    equal(stem, f"{a.shape} · {b.shape}", math.prod(a.shape[1:]), b.shape[0])


def _cored(stem: str, a: TensorSpan, b: TensorSpan, core: TensorSpan) -> tuple[int, int]:
    """(out, in·kh·kw) of Σ t[i,j,k,l] · a[i,o] · b[j,n]."""
    tables(stem, core)
    equal(stem, f"core {core.shape}, first factor {a.shape}", core.shape[0], a.shape[0])
    equal(stem, f"core {core.shape}, second factor {b.shape}", core.shape[1], b.shape[0])
    equal(stem, f"factors {a.shape} and {b.shape} beside a core", len(a.shape) + len(b.shape), 4)
    return a.shape[1], b.shape[1] * math.prod(core.shape[2:])


ALGEBRA = Algebra(
    name="loha",
    endings=tuple(Ending(text=f".{role}", role=role) for role in (*_FACTORS, *_CORES)),
    build=build,
    example={".hada_w1_a": (320, 4), ".hada_w1_b": (4, 320), ".hada_w2_a": (320, 4), ".hada_w2_b": (4, 320)},
)
