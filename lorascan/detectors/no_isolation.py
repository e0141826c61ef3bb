"""Adapters that were loaded without a lock.

What it measures: the isolation that was really in force while the adapter was loaded. LS908 fires where the worker ran without
any: with `--isolation none-at-my-own-risk`.

Why it matters: bytes of the adapter then met torch with the user's own files, network and rights, and whatever it did there could
have changed the report itself. Such a run is for research on a machine that holds nothing; its verdict is never an admit.

When it is wrong: never; the isolation was switched off by whoever started the audit. `lorascan doctor` says what isolation
the machine can give.

Source: docs/threat-model.md; CWE-703.
"""

from collections.abc import Iterator

from lorascan.core.behaviour import IsolationFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

_NONE = "none"
_LS908 = Rule(
    code="LS908",
    name="no-isolation",
    summary="the adapter was loaded without any isolation",
    severity=Severity.MEDIUM,
    cwe=(703,),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each worker that ran without a lock."""
    for each in evidence.all(IsolationFacts):
        if each.backend == _NONE:
            message = f"the {each.role} worker ran WITHOUT ISOLATION: with all rights of the user who started it"
            yield Finding(rule=_LS908, severity=_LS908.severity, message=message, where=each.role, measured=each.backend)


DETECTOR = Detector(rules=(_LS908,), needs=(IsolationFacts,), examine=examine)
