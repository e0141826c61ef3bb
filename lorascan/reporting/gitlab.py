"""Writes reports as GitLab's security report for static analysis."""

from collections.abc import Iterator, Sequence
from typing import Any

from lorascan.core.findings import Finding, Severity
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._pieces import pieces

_VERSION = "15.0.7"
"""Of GitLab's schema sast-report-format."""
_UNKNOWN = "unknown"
"""The schema wants a version of at least one character."""
_SEVERITY = {Severity.HIGH: "High", Severity.MEDIUM: "Medium", Severity.LOW: "Low", Severity.INFO: "Info"}


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    found = (_shape(report, each) for report in reports for each in told.open_findings(report))
    return pieces({"version": _VERSION, "scan": _scan(reports), "vulnerabilities": found})


def _scan(reports: Sequence[Report]) -> dict[str, Any]:
    version, ended, failed = _UNKNOWN, "", False
    for place, each in enumerate(reports):
        version = (_digest.tool_version(each) or _UNKNOWN) if place == 0 else version
        ended = _digest.created(each)
        failed = failed or any(gap.required for gap in told.gaps(each))
    tool = {"id": "lorascan", "name": "lorascan", "vendor": {"name": "lorascan"}, "version": version}
    return {
        "analyzer": tool,
        "scanner": tool,
        "type": "sast",
        "start_time": ended.removesuffix("Z"),
        "end_time": ended.removesuffix("Z"),
        "status": "failure" if failed else "success",
        "messages": ({"level": level, "value": value} for level, value in _messages(reports) if value),
    }


def _messages(reports: Sequence[Report]) -> Iterator[tuple[str, str]]:
    for each in reports:
        yield "info", f"{told.headline(each)} ({told.safe(told.place(each))})"
    for report in reports:
        yield from (("fatal" if each.required else "info", each.told) for each in told.gaps(report))


def _shape(report: Report, finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    weaknesses = [{"type": "cwe", "name": f"CWE-{number}", "value": str(number)} for number in rule.cwe]
    where = f"\n\nAt {told.safe(finding.where)}." if finding.where else ""
    return {
        "id": told.marker(report, finding),
        "name": rule.summary[:255],
        "description": f"{told.safe(finding.message)}{where}",
        "severity": _SEVERITY[finding.severity],
        "location": {"file": told.safe(told.place(report)), "start_line": 1},
        "identifiers": [{"type": "lorascan_rule", "name": f"lorascan {rule.code}", "value": rule.code}, *weaknesses],
    }


FORMAT = Format(name="gitlab", suffixes=(".gitlab.json",), render=_render, pieces=_pieces)
