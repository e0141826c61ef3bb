"""Writes numbers for people."""

import math

from lorascan.core.behaviour import TriggerTest
from lorascan.core.findings import Scalar
from lorascan.reporting._foreign import foreign

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_SMALLEST_P = 0.001


def number(value: float | None, digits: int = 3) -> str:
    """Significant digits without an exponent where that stays short; a dash for nothing."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 10**6:
        return str(int(value))
    if 10**-3 <= abs(value) < 10**6:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        plain = f"{value:.{decimals}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{value:.{digits - 1}e}"


def fixed(value: float | None, decimals: int = 2, *, sign: bool = False) -> str:
    """A fixed number of decimals, so that columns line up."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"


def scalar(value: Scalar) -> str:
    """Whatever a finding measured, as foreign text if it is text."""
    return foreign(value) if isinstance(value, str) else number(value)


def size(count: int | None) -> str:
    """Bytes in decimal units."""
    if count is None:
        return "–"
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def seconds(value: float) -> str:
    """A duration at the precision that a reader needs."""
    if value < 0.01:
        return "<0.01 s"
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def dose(test: TriggerTest) -> str:
    """The scale at which a text was tested, and the part of the adapter that was loaded alone."""
    return number(test.scale) + (f", {foreign(test.part, 40)} alone" if test.part else "")


def p_value(value: float) -> str:
    """A probability; what is smaller than 0.001 is said so."""
    if value < _SMALLEST_P:
        return f"<{_SMALLEST_P}"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def share(value: float) -> str:
    """A share of 0 to 1 in percent."""
    return f"{100 * value:.0f} %" if math.isfinite(value) else number(value)


def count(amount: int, noun: str, plural: str = "") -> str:
    """An amount with its noun in the right number."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"
