"""Turns stored numbers into float64.

numpy's own cast of float16 is ten times slower on subnormal numbers, which trained adapters hold and which a hostile
file can be made of; the shift used here takes the same time for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lorascan.core.adapter import TensorSpan

Raw = NDArray[np.signedinteger]
Single = NDArray[np.float32]
Matrix = NDArray[np.floating[Any]]
"""float64 throughout; numpy types what its linear algebra returns less narrowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A number format: integer types of its size, its sign bit, and the first code without sign that is not finite."""

    signed: str
    unsigned: str
    sign: int
    first_bad: int


FORMATS: Mapping[str, Format] = {
    "F64": Format(signed="<i8", unsigned="<u8", sign=1 << 63, first_bad=0x7FF0000000000000),
    "F32": Format(signed="<i4", unsigned="<u4", sign=1 << 31, first_bad=0x7F800000),
    "F16": Format(signed="<i2", unsigned="<u2", sign=1 << 15, first_bad=0x7C00),
    "BF16": Format(signed="<i2", unsigned="<u2", sign=1 << 15, first_bad=0x7F80),
    "F8_E5M2": Format(signed="<i1", unsigned="<u1", sign=1 << 7, first_bad=0x7C),
    "F8_E4M3": Format(signed="<i1", unsigned="<u1", sign=1 << 7, first_bad=0x7F),
}
"""The formats that weights may have, by safetensors name."""

_KINDS = {name: np.dtype(form.signed) for name, form in FORMATS.items()}
_SIGN_SPREAD = np.int32(~0x70000000)
_F16_UNIT = 2.0**112
"""float16 codes read as float32 ones are too small by the difference of the exponent biases, 127 − 15."""


def raw(content: memoryview, span: TensorSpan) -> Raw:
    """The tensor's codes as signed integers, in its shape, without a copy."""
    kind = _KINDS[span.dtype]
    if span.start == span.stop:
        return np.empty(span.shape, dtype=kind)
    count = (span.stop - span.start) // kind.itemsize
    return np.frombuffer(content, dtype=kind, count=count, offset=span.start).reshape(span.shape)


def unit(dtype: str) -> float:
    """What `to_float64` must be multiplied by to give the number that is meant: a power of two."""
    return _F16_UNIT if dtype == "F16" else 1.0


SINGLE = frozenset(("F16", "BF16", "F32"))
"""The formats whose numbers float32 holds exactly."""


def single(codes: Raw, dtype: str) -> Single:
    """The numbers of F16, BF16 or F32 divided by `unit(dtype)`, in the codes' shape: exact, and for F32 the stored ones themselves."""
    if dtype == "F16":
        wide = codes.astype(np.int32)
        wide <<= 13
        wide &= _SIGN_SPREAD
        return wide.view(np.float32)
    if dtype == "BF16":
        wide = codes.astype(np.int32)
        wide <<= 16
        return wide.view(np.float32)
    return codes.view("<f4")


def to_float64(codes: Raw, dtype: str) -> Matrix:
    """The numbers divided by `unit(dtype)`, in the codes' shape; exact for every finite code.

    Codes that are not finite may give finite numbers: `survey` must have passed the tensor.
    """
    if dtype in SINGLE:
        return single(codes, dtype).astype(np.float64)
    if dtype == "F64":
        return codes.view("<f8").astype(np.float64)
    return _EIGHT_BITS[dtype][codes.view(np.uint8)]


def _eight_bits(exponent_bits: int, bias: int) -> Matrix:
    """The 256 numbers of an eight-bit float, codes that are not finite included as if they were."""
    codes = np.arange(256)
    mantissa_bits = 7 - exponent_bits
    exponent = (codes & 0x7F) >> mantissa_bits
    fraction = (codes & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    size = np.where(exponent > 0, 1.0 + fraction, fraction) * 2.0 ** (np.maximum(exponent, 1) - bias)
    signed: Matrix = np.where(codes >= 128, -size, size)
    return signed


_EIGHT_BITS = {"F8_E5M2": _eight_bits(5, 15), "F8_E4M3": _eight_bits(4, 7)}
