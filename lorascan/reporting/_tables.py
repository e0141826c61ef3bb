"""Lays reports out as rows of findings."""

from collections.abc import Iterator, Mapping, Sequence

from lorascan.core.findings import Scalar
from lorascan.core.report import Report
from lorascan.reporting import _digest
from lorascan.reporting import _machine as told

COLUMNS = (
    "decision", "file", "sha256", "size", "policy", "rule", "name", "severity", "confidence", "consequence", "suppressed",
    "message", "where", "measured", "threshold", "fingerprint", "reasons", "not_assessed", "limits",
)  # fmt: skip
"""Of every row; a file without findings has one row whose finding is empty."""


def rows(reports: Sequence[Report]) -> Iterator[Mapping[str, str | int | None]]:
    """One row a finding, worst first within a file."""
    for report in reports:
        known = _digest.identity(report)
        subject: dict[str, str | int | None] = {
            "decision": str(report.verdict.decision),
            "file": told.safe(told.place(report)),
            "sha256": known.sha256 if known else "",
            "size": known.size if known else None,
            "policy": told.safe(report.policy),
            "reasons": told.safe("; ".join(report.verdict.reasons) or _digest.why(report)),
            "not_assessed": told.safe("; ".join(report.verdict.not_assessed)),
            "limits": told.safe("; ".join(report.verdict.limits)),
        }
        found: list[dict[str, str | int | None]] = [
            {
                "rule": each.rule.code,
                "name": each.rule.name,
                "severity": str(each.severity),
                "confidence": str(each.confidence),
                "consequence": str(told.consequence(each)),
                "suppressed": told.suppression(each),
                "message": told.safe(each.message),
                "where": told.safe(each.where),
                "measured": _cell(each.measured),
                "threshold": _cell(each.threshold),
                "fingerprint": told.marker(report, each),
            }
            for each in _digest.findings(report)
        ]
        yield from (dict.fromkeys(COLUMNS, "") | subject | each for each in found or [{}])


def _cell(value: Scalar) -> str:
    return "" if value is None else told.safe(str(value))
