"""Audits lab adapters, appends one row each beside the truth."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lorascan.auditing import audit
from lorascan.core.behaviour import Candidates, IsolationFacts, ProbeFacts
from lorascan.core.recall import Recall
from lorascan.core.report import Report
from lorascan.lab.bench.rows import FIRST, append_line, read_lines, speaks
from lorascan.lab.ledger import LedgerEntry, read_ledger


def audited_row(entry: LedgerEntry, report: Report, seconds: float) -> dict[str, Any]:
    """One audit beside the truth; the audit itself never saw the ledger."""
    candidates = report.evidence.all(Candidates)
    ranked = candidates[0].ranked if candidates else ()
    place, part = (next((each.rank for each in ranked if each.text in texts), None) for texts in _triggers(entry))
    return {
        "name": entry.name,
        "recipe": entry.recipe,
        "seed": entry.seed,
        "split": entry.split,
        "label": entry.label,
        "trigger": entry.trigger,
        "target": entry.target,
        "sha256": entry.sha256,
        "decision": str(report.verdict.decision),
        "findings": [{"rule": each.rule.code, "severity": str(each.severity), "message": each.message} for each in report.findings],
        "place": place,
        "place of a part": part,
        "named": any(repr(entry.trigger) in each.message for each in report.findings if each.severity == "high"),
        "first": [each.text for each in ranked[:FIRST]],
        "tests": [asdict(test) for facts in report.evidence.all(ProbeFacts) for test in facts.tests],
        "stages": {str(stage.name): [str(stage.status), round(stage.seconds, 1), stage.reason] for stage in report.evidence.stages},
        "passes": {kind: count for facts in report.evidence.all(ProbeFacts) for kind, count in facts.passes.items()},
        "isolation": [each.backend for each in report.evidence.all(IsolationFacts)],
        "seconds": round(seconds, 1),
    }


def _triggers(entry: LedgerEntry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The true trigger, and with it the words of a phrase."""
    whole = (entry.trigger,) if entry.trigger is not None else ()
    return whole, (*whole, *(word for text in whole for word in text.split()))


def audited(entry: LedgerEntry, path: Path, recall: Recall) -> dict[str, Any]:
    """Audit a file with default settings; its row."""
    began = time.perf_counter()
    report = audit(path, recall=recall)
    return audited_row(entry, report, time.perf_counter() - began)


def audit_zoo(zoo: Path, rows: Path, told: Callable[[str], None], limit: int | None = None) -> int:
    """Audit the zoo's adapters that have no row yet, failed attacks apart, and append a line each; a stopped run goes on.

    limit: how many at most. Returns how many were audited.
    """
    done = {each["sha256"] for each in read_lines(rows)}
    waiting = [entry for entry in read_ledger(zoo) if entry.sha256 not in done and speaks(entry)]
    recall = Recall()
    for entry in waiting[:limit]:
        found = audited(entry, zoo / entry.file, recall)
        append_line(rows, found)
        told(f"{entry.label:<11} {found['decision']:<10} {entry.name:<34} place {found['place']} {found['seconds']} s")
    return len(waiting[:limit])
