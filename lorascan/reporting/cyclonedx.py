"""Writes reports as a CycloneDX bill of materials for models."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from lorascan.core.adapter import BaseFacts
from lorascan.core.behaviour import LoadFacts
from lorascan.core.findings import Finding, Severity, fingerprint
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._shapes import written

_VERSION = "1.6"
_SEVERITY = {Severity.HIGH: "high", Severity.MEDIUM: "medium", Severity.LOW: "low", Severity.INFO: "info"}


def _render(report: Report, look: Look) -> str:
    return _render_all([report], look)


def _render_all(reports: Sequence[Report], _: Look) -> str:
    """The same files give the same serial number: it is made of their digests."""
    serial = uuid.uuid5(uuid.NAMESPACE_OID, " ".join(_reference(each) for each in reports))
    return written(
        {
            "bomFormat": "CycloneDX",
            "specVersion": _VERSION,
            "serialNumber": f"urn:uuid:{serial}",
            "version": 1,
            "metadata": _metadata(reports),
            "components": told.distinct(map(_component, reports)),
            "vulnerabilities": told.distinct(_vulnerability(report, each) for report in reports for each in _digest.findings(report)),
        }
    )


def _metadata(reports: Sequence[Report]) -> dict[str, Any]:
    tool = {"type": "application", "name": "lorascan", "version": _digest.tool_version(reports[0]) if reports else ""}
    created = {"timestamp": _digest.created(reports[-1])} if reports else {}
    return created | {"tools": {"components": [tool]}}


def _reference(report: Report) -> str:
    return f"adapter-{fingerprint(str(report.verdict.decision), _digest.digest_of(report), told.place(report))[:32]}"


def _component(report: Report) -> dict[str, Any]:
    digest = _digest.digest_of(report)
    hashes = {"hashes": [{"alg": "SHA-256", "content": digest}]} if digest else {}
    return hashes | {
        "type": "machine-learning-model",
        "bom-ref": _reference(report),
        "name": told.safe(report.name) or "unnamed",
        "description": told.headline(report),
        "modelCard": {"modelParameters": _parameters(report)},
        "properties": [{"name": f"lorascan:{name}", "value": value} for name, value in _properties(report)],
    }


def _parameters(report: Report) -> dict[str, Any]:
    base = _digest.fact(report, BaseFacts)
    return {
        "task": "text-to-image",
        "architectureFamily": "low-rank adapter",
        "modelArchitecture": told.safe(base.family or "unknown") if base else "unknown",
    }


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    verdict, load = report.verdict, _digest.fact(report, LoadFacts)
    yield "decision", str(verdict.decision)
    yield "policy", told.safe(report.policy)
    yield from (("reason", told.safe(each)) for each in verdict.reasons)
    yield from (("not_assessed", told.safe(each)) for each in verdict.not_assessed)
    yield from (("limit", told.safe(each)) for each in verdict.limits)
    if load is not None:
        yield "base_sha256", told.safe(load.base_sha256)


def _vulnerability(report: Report, finding: Finding) -> dict[str, Any]:
    aside = finding.suppressed
    analysis = {"analysis": {"state": "in_triage", "detail": told.suppression(finding)}} if aside else {}
    cwes = {"cwes": list(finding.rule.cwe)} if finding.rule.cwe else {}
    return (
        analysis
        | cwes
        | {
            "bom-ref": f"{told.marker(report, finding)[:32]}-{_reference(report)}",
            "id": finding.rule.code,
            "source": {"name": "lorascan"},
            "description": told.safe(finding.message) or finding.rule.summary,
            "detail": told.safe(finding.where),
            "ratings": [{"severity": _SEVERITY[finding.severity], "method": "other", "source": {"name": "lorascan"}}],
            "affects": [{"ref": _reference(report)}],
        }
    )


FORMAT = Format(name="cyclonedx", suffixes=(".cdx.json",), render=_render, render_all=_render_all)
