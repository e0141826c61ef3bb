"""Writes findings as GitLab's code quality report."""

from collections.abc import Iterator, Sequence
from typing import Any

from lorascan.core.findings import Decision, Severity, fingerprint
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._pieces import pieces

_SEVERITY = {Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "minor", Severity.INFO: "info"}
_VERDICTS = {Decision.REVIEW: "major", Decision.REJECT: "blocker", Decision.UNDECIDED: "critical"}


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    return pieces(entry for each in reports for entry in _entries(each))


def _entries(report: Report) -> Iterator[dict[str, Any]]:
    """The verdict, which is an entry of its own unless it admits: what GitLab lists are violations. Then what counts or is reported."""
    if report.verdict.decision is not Decision.ADMIT:
        missing = f"; not assessed: {told.safe('; '.join(report.verdict.not_assessed))}" if report.verdict.not_assessed else ""
        digest = fingerprint("verdict", _digest.digest_of(report), told.place(report))
        yield _entry(report, "verdict", f"{told.headline(report)}{missing}", digest, _VERDICTS[report.verdict.decision])
    for each in told.open_findings(report):
        yield _entry(report, each.rule.code, told.safe(each.message), told.marker(report, each), _SEVERITY[each.severity])


def _entry(report: Report, name: str, description: str, digest: str, severity: str) -> dict[str, Any]:
    return {
        "check_name": name,
        "description": description,
        "fingerprint": digest,
        "location": {"path": told.safe(told.place(report)), "lines": {"begin": 1}},
        "severity": severity,
    }


FORMAT = Format(name="codequality", suffixes=(".codequality.json",), render=_render, pieces=_pieces)
