"""Adapters that were drawn with on a GPU.

What it measures: the device that the locked worker says it drew on. LS909 fires where it was not a CPU.

Why it matters: on a GPU the driver is part of what must be trusted: the worker writes to the card's device nodes, asks the driver by
ioctl, and may share memory that only the parent watches. Scale 0 need not equal the base bit for bit there either.

When it is wrong: it accuses nobody; it says what the lock of this audit rested on. The GPU path is unverified in this release.

Source: docs/threat-model.md; CWE-703.
"""

from collections.abc import Iterator

from lorascan.core.behaviour import LoadFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

_LS909 = Rule(code="LS909", name="gpu-driver-trusted", summary="the GPU's driver was trusted", severity=Severity.INFO, cwe=(703,))


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding where the load was on anything but a CPU."""
    device = evidence[LoadFacts].device
    if device != "cpu":
        message = "the adapter was drawn with on a GPU: its driver is part of what was trusted, and this path is unverified"
        yield Finding(rule=_LS909, severity=_LS909.severity, message=message, where=device, measured=device, threshold="cpu")


DETECTOR = Detector(rules=(_LS909,), needs=(LoadFacts,), examine=examine)
