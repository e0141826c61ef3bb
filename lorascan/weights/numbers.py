"""Finds bad numbers and the largest one from a tensor's bits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascan.core.adapter import BadNumber, TensorSpan
from lorascan.weights.decode import FORMATS, raw, to_float64, unit

_CHUNK = 2**20
"""Entries looked at in one piece when bad ones are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Largest |entry| of a tensor (0 for an empty one, NaN where an entry is not finite), and what is not finite."""

    max_abs: float
    bad: BadNumber | None


def survey(content: memoryview, span: TensorSpan) -> Survey:
    """Exact, from the integer codes: of two finite numbers of one sign the larger has the larger code.

    The span's dtype must be one of `FORMATS`.
    """
    codes = raw(content, span).reshape(-1)
    if codes.size == 0:
        return Survey(max_abs=0.0, bad=None)
    form = FORMATS[span.dtype]
    unsigned = codes.view(form.unsigned)
    largest = max(int(codes.max()), _magnitude(int(unsigned.max()), form.sign))
    if largest >= form.first_bad:
        return Survey(max_abs=float("nan"), bad=_count(span.name, unsigned, form.sign, form.first_bad))
    stored = np.array([largest], dtype=form.signed)
    return Survey(max_abs=float(to_float64(stored, span.dtype)[0]) * unit(span.dtype), bad=None)


def _magnitude(code: int, sign: int) -> int:
    """The code without its sign bit; 0 for a positive code, which the signed maximum covers."""
    return code - sign if code >= sign else 0


def _count(name: str, codes: NDArray[np.unsignedinteger], sign: int, first_bad: int) -> BadNumber:
    count, first = 0, -1
    for start in range(0, codes.size, _CHUNK):
        chunk = codes[start : start + _CHUNK]
        bad = np.flatnonzero((chunk & codes.dtype.type(sign - 1)) >= codes.dtype.type(first_bad))
        if bad.size and first < 0:
            first = start + int(bad[0])
        count += int(bad.size)
    return BadNumber(tensor=name, count=count, first_index=first)
