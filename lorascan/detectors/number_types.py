"""Finds factors stored in a type that holds no weights.

What it measures: the stored type of every factor. Floats of 8, 16, 32 and 64 bits hold weights; integers, booleans,
complex numbers and four-bit codes do not. An α may be an integer, but no truth value.

Why it matters: the safetensors library reads 22 types without a question. A loader casts integers silently, so the
values that act are not those that a viewer shows.

When it is wrong: quantised adapters store integers with a scale beside; lorascan does not know the scheme and cannot
test them.

Source: safetensors 0.8 accepts every type; CWE-843.
"""

from collections.abc import Iterator

from lorascan.core.adapter import Adapter
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

RULE = Rule(
    code="LS601",
    name="illegal-type",
    summary="A factor is stored in a type that holds no weights.",
    severity=Severity.HIGH,
    cwe=(843,),
)
WEIGHT_TYPES = frozenset({"F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3"})


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a type, at its first tensor."""
    first: dict[str, str] = {}
    for update in evidence[Adapter].updates:
        for span in update.tensors:
            if span.dtype not in WEIGHT_TYPES:
                first.setdefault(span.dtype, span.name)
        if update.alpha_span is not None and update.alpha_span.dtype == "BOOL":
            first.setdefault("BOOL", update.alpha_span.name)
    for dtype, name in sorted(first.items()):
        message = f"factors are stored as {dtype}"
        yield Finding(rule=RULE, message=message, severity=Severity.HIGH, where=name, measured=dtype)


DETECTOR = Detector(rules=(RULE,), needs=(Adapter,), examine=examine)
