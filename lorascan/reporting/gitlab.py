"""Writes reports as GitLab's security report for static analysis."""

from collections.abc import Sequence
from typing import Any

from lorascan.core.findings import Finding, Severity
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._shapes import written

_VERSION = "15.0.7"
"""Of GitLab's schema sast-report-format."""
_SEVERITY = {Severity.HIGH: "High", Severity.MEDIUM: "Medium", Severity.LOW: "Low", Severity.INFO: "Info"}


def _render(report: Report, look: Look) -> str:
    return _render_all([report], look)


def _render_all(reports: Sequence[Report], _: Look) -> str:
    return written({"version": _VERSION, "scan": _scan(reports), "vulnerabilities": [_shape(one, each) for one, each in _open(reports)]})


def _open(reports: Sequence[Report]) -> list[tuple[Report, Finding]]:
    """The findings that nothing has set aside: GitLab keeps its own list of those that were dismissed."""
    return [(report, each) for report in reports for each in told.open_findings(report)]


def _scan(reports: Sequence[Report]) -> dict[str, Any]:
    tool = {
        "id": "lorascan",
        "name": "lorascan",
        "vendor": {"name": "lorascan"},
        "version": _digest.tool_version(reports[0]) if reports else "",
    }
    ended = (_digest.created(reports[-1]) if reports else "").removesuffix("Z")
    gaps = [each for report in reports for each in told.gaps(report)]
    messages = [("info", f"{told.headline(each)} ({told.safe(told.place(each))})") for each in reports]
    messages += [("fatal" if each.required else "info", each.told) for each in gaps]
    return {
        "analyzer": tool,
        "scanner": tool,
        "type": "sast",
        "start_time": ended,
        "end_time": ended,
        "status": "failure" if any(each.required for each in gaps) else "success",
        "messages": [{"level": level, "value": value} for level, value in messages if value],
    }


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


FORMAT = Format(name="gitlab", suffixes=(".gitlab.json",), render=_render, render_all=_render_all)
