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
from lorascan.reporting._pieces import distinct, pieces

_VERSION = "1.6"
_SEVERITY = {Severity.HIGH: "high", Severity.MEDIUM: "medium", Severity.LOW: "low", Severity.INFO: "info"}


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    """The same files give the same serial number: it is made of their digests."""
    references, version, created = [], "", {}
    for place, each in enumerate(reports):
        references.append(_reference(each))
        version = _digest.tool_version(each) if place == 0 else version
        created = {"timestamp": _digest.created(each)}
    return pieces(
        {
            "bomFormat": "CycloneDX",
            "specVersion": _VERSION,
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, ' '.join(references))}",
            "version": 1,
            "metadata": created | {"tools": {"components": [{"type": "application", "name": "lorascan", "version": version}]}},
            "components": distinct(map(_component, reports)),
            "vulnerabilities": distinct(_vulnerability(report, each) for report in reports for each in _digest.findings(report)),
        }
    )


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


FORMAT = Format(name="cyclonedx", suffixes=(".cdx.json",), render=_render, pieces=_pieces)
