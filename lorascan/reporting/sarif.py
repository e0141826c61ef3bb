"""Writes reports as SARIF 2.1.0."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lorascan.core.evidence import Status
from lorascan.core.findings import Consequence, Finding, Rule, Severity
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._pieces import Places, distinct, pieces

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Consequence.REJECT: "error", Consequence.REVIEW: "warning", Consequence.REPORT: "note"}
_SECURITY = {Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.5", Severity.INFO: "0.0"}
"""Within the ranges that GitHub calls high, medium and low."""
_KINDS = {"waiver": "external", "baseline": "external", "allow list": "external"}


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    return pieces({"$schema": _SCHEMA, "version": "2.1.0", "runs": (_run(reports),)})


@dataclass(slots=True, kw_only=True)
class _Whole:
    """What has to be known of all reports before the first can be written: `at` is the place of each report's artifact."""

    at: list[int] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)
    version: str = ""
    ended: str = ""
    failed: bool = False


def _looked_over(reports: Sequence[Report]) -> _Whole:
    whole, artifacts = _Whole(), Places()
    for each in reports:
        whole.version = whole.version if whole.at else _digest.tool_version(each)
        whole.at.append(artifacts.of(_artifact(each)))
        whole.rules |= {rule.code: rule for rule in told.fired(each)}
        whole.ended = _digest.created(each)
        crashed = any(stage.status is Status.FAILED for stage in each.evidence.stages)
        whole.failed = whole.failed or crashed or any(gap.required for gap in told.gaps(each))
    return whole


def _run(reports: Sequence[Report]) -> dict[str, Any]:
    """One run for all files: code scanning takes only one run of a tool and category."""
    whole = _looked_over(reports)
    places = {code: place for place, code in enumerate(whole.rules)}
    return {
        "artifacts": distinct(map(_artifact, reports)),
        "columnKind": "unicodeCodePoints",
        "invocations": (
            {
                "endTimeUtc": whole.ended,
                "executionSuccessful": not whole.failed,
                "toolExecutionNotifications": _notifications(reports, whole),
            },
        ),
        "results": (
            _result(report, at, each, places) for at, report in zip(whole.at, reports, strict=True) for each in _digest.findings(report)
        ),
        "tool": {"driver": {"name": "lorascan", "version": whole.version, "rules": [_rule(each) for each in whole.rules.values()]}},
    }


def _artifact(report: Report) -> dict[str, Any]:
    known = _digest.identity(report)
    size = {"length": known.size, "hashes": {"sha-256": known.sha256}} if known else {}
    return size | {
        "description": {"text": told.headline(report)},
        "location": {"uri": told.address(report)},
        "properties": {
            "decision": str(report.verdict.decision),
            "limits": [told.safe(each) for each in report.verdict.limits],
            "notAssessed": [told.safe(each) for each in report.verdict.not_assessed],
            "policy": told.safe(report.policy),
            "reasons": [told.safe(each) for each in report.verdict.reasons],
        },
    }


def _notifications(reports: Sequence[Report], whole: _Whole) -> Iterator[dict[str, Any]]:
    for place, report in zip(whole.at, reports, strict=True):
        for each in told.gaps(report):
            yield {
                "descriptor": {"id": f"stage/{each.stage}"},
                "level": "error" if each.required else "note",
                "locations": [{"physicalLocation": {"artifactLocation": {"index": place, "uri": told.address(report)}}}],
                "message": {"text": each.told},
            }


def _rule(rule: Rule) -> dict[str, Any]:
    tags = ["security", *(f"external/cwe/cwe-{number:03d}" for number in rule.cwe)]
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": f"`lorascan explain {rule.code}` says what it measures, why it matters and when it is wrong."},
        "defaultConfiguration": {"level": _LEVELS[told.consequence(Finding(rule=rule, message="", severity=rule.severity))]},
        "properties": {"security-severity": _SECURITY[rule.severity], "tags": tags},
    }


def _result(report: Report, at: int, finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "ruleIndex": places[finding.rule.code],
        "level": _LEVELS[told.consequence(finding)],
        "message": {"text": told.safe(finding.message) or finding.rule.summary},
        "locations": [_location(report, at, finding)],
        "partialFingerprints": {"lorascan/v1": told.marker(report, finding)},
        "properties": {
            "confidence": str(finding.confidence),
            "measured": _scalar(finding.measured),
            "threshold": _scalar(finding.threshold),
            "security-severity": _SECURITY[finding.severity],
        },
        "suppressions": [],
    }
    aside = finding.suppressed
    if aside is not None:
        kind = _KINDS.get(aside.kind, "external")
        shape["suppressions"] = [{"kind": kind, "status": "accepted", "justification": told.suppression(finding)}]
        if aside.kind == "baseline":
            shape["baselineState"] = "unchanged"
    return shape


def _scalar(value: float | str | None) -> str:
    return "" if value is None else told.safe(str(value))


def _location(report: Report, at: int, finding: Finding) -> dict[str, Any]:
    """Line 1 of the file, as a binary file has no other, and the layer or key by its name."""
    shape: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"index": at, "uri": told.address(report)},
            "region": {"startLine": 1},
        }
    }
    if finding.where:
        shape["logicalLocations"] = [{"fullyQualifiedName": told.safe(finding.where), "kind": "element"}]
    return shape


FORMAT = Format(name="sarif", suffixes=(".sarif", ".sarif.json"), render=_render, pieces=_pieces)
