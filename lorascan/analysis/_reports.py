"""Lays out reports and their probes as tables."""

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from lorascan.analysis._pandas import frame
from lorascan.core.adapter import Adapter, BaseFacts, FileFacts, FileIdentity
from lorascan.core.behaviour import ProbeFacts, ProbeObservation
from lorascan.core.findings import Severity
from lorascan.core.report import Report

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("name", "decision", "policy", "sha256", "size", "family", "dialects", "updates", "findings", *Severity, "rules", "not_assessed")


def reports_df(reports: Report | Iterable[Report]) -> "pd.DataFrame":
    """One row a report: what was judged, the decision, and how many findings of each severity it has.

    `size` in bytes, `updates` a count; they and the names are None where the file was refused before they were known.
    Names are hostile text as the file has it. Raises Unavailable without pandas.
    """
    several = [reports] if isinstance(reports, Report) else list(reports)
    return frame([_row(each) for each in several], _COLUMNS)


def _row(report: Report) -> dict[str, object]:
    evidence = report.evidence
    facts = evidence[FileFacts] if evidence.has(FileFacts) else evidence[FileIdentity] if evidence.has(FileIdentity) else None
    adapter = evidence[Adapter].facts if evidence.has(Adapter) else None
    return {
        "name": report.name,
        "decision": str(report.verdict.decision),
        "policy": report.policy,
        "sha256": facts.sha256 if facts else None,
        "size": facts.size if facts else None,
        "family": evidence[BaseFacts].family if evidence.has(BaseFacts) else None,
        "dialects": list(adapter.dialects) if adapter else [],
        "updates": adapter.update_count if adapter else None,
        "findings": len(report.findings),
        **{str(severity): sum(each.severity is severity for each in report.findings) for severity in Severity},
        "rules": sorted({each.rule.code for each in report.findings}),
        "not_assessed": list(report.verdict.not_assessed),
    }


def probes_df(report: Report) -> "pd.DataFrame":
    """One row a pair of pictures: the fields of `ProbeObservation` and `lift` = similarity_adapted − similarity_base.

    No rows where the probes did not run. Raises Unavailable without pandas.
    """
    names = [each.name for each in fields(ProbeObservation)]
    seen = report.evidence[ProbeFacts].observations if report.evidence.has(ProbeFacts) else ()
    return frame([{**{name: getattr(each, name) for name in names}, "lift": each.lift} for each in seen], [*names, "lift"])
