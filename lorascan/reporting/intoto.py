"""Writes a report as an unsigned in-toto statement."""

from collections.abc import Iterator, Sequence
from typing import Any

from lorascan.core.evidence import Status
from lorascan.core.findings import Decision
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._shapes import plain, written

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_RESULTS = {Decision.ADMIT: "PASSED", Decision.REVIEW: "WARNED", Decision.REJECT: "FAILED", Decision.UNDECIDED: "FAILED"}


def _render(report: Report, _: Look) -> str:
    """One statement. A file that could not be read has no digest, and then the statement has no subject."""
    digest = _digest.digest_of(report)
    subject = [{"name": told.safe(told.place(report)), "digest": {"sha256": digest}}] if digest else []
    return written({"_type": _STATEMENT, "predicateType": _PREDICATE, "predicate": _predicate(report), "subject": subject})


def _predicate(report: Report) -> dict[str, Any]:
    """The test-result predicate; what it has no place for stands under `lorascan`."""
    found = _digest.findings(report)
    return {
        "configuration": [{"name": f"policy {told.safe(report.policy)}", "annotations": {"lorascan": _digest.tool_version(report)}}],
        "failedTests": sorted({each.rule.code for each in found if told.counts(each)}),
        "lorascan": {
            "decision": str(report.verdict.decision),
            "finishedOn": _digest.created(report),
            "limits": [told.safe(each) for each in report.verdict.limits],
            "notAssessed": [told.safe(each) for each in report.verdict.not_assessed],
            "reasons": [told.safe(each) for each in report.verdict.reasons],
            "scope": plain({key: _safe(value) for key, value in report.verdict.scope.items()}),
        },
        "passedTests": [f"stage {each.name}" for each in report.evidence.stages if each.status is Status.RAN],
        "result": _RESULTS[report.verdict.decision],
        "warnedTests": sorted({each.rule.code for each in found if not told.counts(each)}),
    }


def _safe(value: object) -> object:
    return told.safe(value) if isinstance(value, str) else value


def _pieces(reports: Sequence[Report], look: Look) -> Iterator[str]:
    """One statement a line."""
    for each in reports:
        yield f"{' '.join(line.strip() for line in _render(each, look).splitlines())}\n"


FORMAT = Format(name="intoto", suffixes=(".intoto.json", ".intoto.jsonl"), render=_render, pieces=_pieces)
