"""A baseline: what an earlier report already held."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError
from lorascan.core.findings import Finding, fingerprint

_BYTES = 2**30
_SCHEMA = "lorascan/report/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Fingerprints of the findings of earlier reports, the SHA-256 of the file that held them, and its path as given."""

    known: frozenset[str]
    sha256: str
    path: str = ""

    def holds(self, finding: Finding, sha256: str) -> bool:
        """Whether the same rule fired at the same place of the same bytes."""
        return fingerprint(finding.rule.code, sha256, finding.where) in self.known


def read_baseline(path: Path) -> Baseline:
    """The findings of a JSON report, of one file or of several. Raises UsageError for what is none."""
    raw = read_bounded(path, _BYTES, "baseline")
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        message = f"the baseline {path} is no JSON report"
        raise UsageError(message) from error
    entries = told if isinstance(told, list) else [told]
    if not all(isinstance(each, dict) and each.get("schema") == _SCHEMA for each in entries):
        message = f"the baseline {path} is no {_SCHEMA} report"
        raise UsageError(message)
    return Baseline(
        known=frozenset(mark for each in entries for mark in _marks(each)), sha256=hashlib.sha256(raw).hexdigest(), path=str(path)
    )


def _marks(entry: dict[str, Any]) -> Iterator[str]:
    subject, findings = entry.get("subject"), entry.get("findings")
    sha256 = subject.get("sha256") if isinstance(subject, dict) else None
    for each in findings if isinstance(findings, list) else ():
        if isinstance(each, dict) and isinstance(sha256, str) and isinstance(each.get("rule"), str) and isinstance(each.get("where"), str):
            yield fingerprint(each["rule"], sha256, each["where"])
