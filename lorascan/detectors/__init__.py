"""Turns facts into findings: one file a detector."""

import sys

from lorascan.core.catalogue import members
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule
from lorascan.detectors._weaknesses import cited


def detectors() -> dict[str, Detector]:
    """Module name → detector, in name order."""
    return members(__name__, "DETECTOR", Detector)


def rules() -> dict[str, Rule]:
    """Rule code → rule, over all detectors. Raises ValueError where two detectors claim one code."""
    found: dict[str, Rule] = {}
    for detector in detectors().values():
        for rule in detector.rules:
            if rule.code in found:
                message = f"rule {rule.code} is claimed twice"
                raise ValueError(message)
            found[rule.code] = rule
    return dict(sorted(found.items()))


def manual(code: str) -> str | None:
    """The rule's line and the manual of its detector; None where no detector has the rule."""
    for name, detector in detectors().items():
        for rule in detector.rules:
            if rule.code == code:
                head = f"{rule.code} {rule.name} ({rule.severity})\n{rule.summary}\n{cited(rule.cwe)}\n"
                return f"{head}\n{sys.modules[f'{__name__}.{name}'].__doc__ or ''}"
    return None


def examine(evidence: Evidence) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Every finding, and the rule codes that were not assessed because a fact they need was not gathered."""
    findings: list[Finding] = []
    not_assessed: list[str] = []
    for detector in detectors().values():
        if all(evidence.has(need) for need in detector.needs):
            findings.extend(detector.examine(evidence))
        else:
            not_assessed.extend(rule.code for rule in detector.rules)
    return tuple(findings), tuple(sorted(not_assessed))
