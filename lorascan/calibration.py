"""Learns what honest adapters do on the user's own base, and compares with it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from lorascan.core.adapter import Adapter, AdapterFacts, FileFacts
from lorascan.core.behaviour import Candidates, LoadFacts, ProbeFacts
from lorascan.core.bounded import read_bounded
from lorascan.core.calibration import EVERY, UNLIKE, Benign, Calibration, CalibrationFacts, group_of
from lorascan.core.errors import UsageError
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding
from lorascan.core.report import Report
from lorascan.detectors import calibrated as rule
from lorascan.detectors._margins import IN_FORCE, score
from lorascan.environment import environment
from lorascan.settings import Strict

SCHEMA: Literal["lorascan/calibration/v1"] = "lorascan/calibration/v1"
_BYTES = 2**25
FEW, MANY = 19, 99
"""Honest adapters from which on a p of .05, of .01, can be reached at all."""
_NEEDED = (FileFacts, LoadFacts, Candidates, ProbeFacts)

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class _Row(Strict):
    """One adapter, as a file holds it."""

    sha256: Digest
    score: Number
    text_encoder: bool
    declared: bool


class _File(Strict):
    """A calibration, as a file holds it."""

    schema_: Literal["lorascan/calibration/v1"] = Field(alias="schema")
    tool: Text
    thresholds: dict[str, Number] = Field(max_length=20)
    family: Text
    base_sha256: Digest
    budget: Text
    adapters: tuple[_Row, ...] = Field(min_length=1, max_length=100_000)
    sha256: Digest


def thresholds() -> dict[str, float]:
    """The thresholds that a score is measured by: with others, scores mean something else."""
    return asdict(IN_FORCE)


def why_unusable(report: Report) -> str:
    """What a report lacks to say something about an honest adapter, "" where it lacks nothing."""
    missing = [kind.__name__ for kind in _NEEDED if not report.evidence.has(kind)]
    if not missing:
        return ""
    stopped = next((f"{each.name} stage {each.status}: {each.reason}" for each in report.evidence.stages if str(each.status) != "ran"), "")
    return stopped or f"it lacks {', '.join(missing)}"


def learnt(reports: Iterable[Report]) -> str:
    """A calibration file from reports of honest adapters that were drawn; the same bytes count once, order does not matter.

    Raises UsageError where there is none, or where they are of different bases or budgets.
    """
    usable = [report for report in reports if not why_unusable(report)]
    rows = {row["sha256"]: row for row in map(_row, usable)}
    bases = {(found.base, found.base_sha256) for found in (report.evidence[LoadFacts] for report in usable)}
    budgets = {report.evidence[Candidates].budget for report in usable}
    if not rows:
        raise UsageError("no honest adapter that was drawn: nothing to learn from")
    for what, found in (("bases", {f"{name} ({digest[:12]})" for name, digest in bases}), ("budgets", budgets)):
        if len(found) > 1:
            raise UsageError(f"the adapters were audited on different {what}: {', '.join(sorted(found))}")
    ((family, base_sha256),) = bases
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "tool": f"lorascan {environment()['lorascan']}"[:200],
        "thresholds": thresholds(),
        "family": family[:200],
        "base_sha256": base_sha256,
        "budget": budgets.pop()[:200],
        "adapters": [rows[sha256] for sha256 in sorted(rows)],
    }
    return json.dumps({**content, "sha256": _digest(content)}, indent=1, sort_keys=True) + "\n"


def _row(report: Report) -> dict[str, Any]:
    evidence = report.evidence
    text_encoder, declared = _kind(evidence)
    return {
        "sha256": evidence[FileFacts].sha256,
        "score": round(score(evidence[ProbeFacts].tests), 6),
        "text_encoder": text_encoder,
        "declared": declared,
    }


def _kind(evidence: Evidence) -> tuple[bool, bool]:
    """Whether the adapter touches a text encoder, and whether it declares a word."""
    read = [*(each.facts for each in evidence.all(Adapter)), *evidence.all(AdapterFacts)]
    touched = any(component.startswith("text_encoder") for facts in read for component in facts.components)
    return touched, any(each.kind == "declared" for each in evidence[ProbeFacts].tests)


def _digest(content: dict[str, Any]) -> str:
    """SHA-256 of the content without its own digest, however the file is laid out."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_calibration(path: Path) -> Calibration:
    """The calibration of a file. Raises UsageError where it is none, was changed, or was made with other thresholds."""
    raw = read_bounded(path, _BYTES, "calibration")
    try:
        told = json.loads(raw)
        if not isinstance(told, dict) or told.get("schema") != SCHEMA:
            raise UsageError(f"{path} is no {SCHEMA}: `lorascan calibrate` makes one")
        found = _File.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:100]
        raise UsageError(f"the calibration {path} is not valid: {place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the calibration {path} is no JSON") from error
    if found.sha256 != _digest({name: each for name, each in told.items() if name != "sha256"}):
        raise UsageError(f"the calibration {path} was changed after it was made: its SHA-256 is not that of its content")
    if found.thresholds != thresholds():
        raise UsageError(f"the calibration {path} was made by {found.tool} with other thresholds: run `lorascan calibrate` anew")
    if len({each.sha256 for each in found.adapters}) < len(found.adapters):
        raise UsageError(f"the calibration {path} holds an adapter twice")
    return Calibration(
        sha256=found.sha256,
        path=str(path),
        family=found.family,
        base_sha256=found.base_sha256,
        budget=found.budget,
        adapters=tuple(Benign(**each.model_dump()) for each in found.adapters),
    )


def compared(evidence: Evidence, calibration: Calibration) -> CalibrationFacts | None:
    """Where the adapter stands among the calibration's; None where nothing was drawn."""
    if not all(evidence.has(kind) for kind in _NEEDED):
        return None
    base, budget = evidence[LoadFacts], evidence[Candidates].budget
    if base.base_sha256 != calibration.base_sha256:
        return CalibrationFacts(sha256=calibration.sha256, reason=f"made on another base, {calibration.family}")
    if budget != calibration.budget:
        return CalibrationFacts(sha256=calibration.sha256, reason=f"made at another budget, {calibration.budget}")
    own = evidence[FileFacts].sha256
    others = [each for each in calibration.adapters if each.sha256 != own]
    text_encoder, declared = _kind(evidence)
    group, peers, level = _peers(group_of(text_encoder=text_encoder, declared=declared), others)
    found = round(score(evidence[ProbeFacts].tests), 6)
    p_value = (1 + sum(each.score >= found for each in peers)) / (len(peers) + 1)
    return CalibrationFacts(sha256=calibration.sha256, score=found, group=group, n=len(peers), p_value=p_value, level=level)


def _peers(group: str, others: Sequence[Benign]) -> tuple[str, Sequence[Benign], float | None]:
    """Those to compare with and the level that they allow: the adapter's own group where that costs no level, else all."""
    own = [each for each in others if each.group == group]
    for least, level in ((MANY, 0.01), (FEW, 0.05)):
        for name, peers in ((group, own), (EVERY, others)):
            if len(peers) >= least:
                return name, peers, level
    return EVERY, others, None


def calibrated(evidence: Evidence, findings: Sequence[Finding], calibration: Calibration | None) -> tuple[Evidence, tuple[Finding, ...]]:
    """The evidence and findings under this calibration and no other: an earlier one's leave nothing behind."""
    kept = tuple(each for each in evidence.facts if not isinstance(each, CalibrationFacts))
    others = tuple(each for each in findings if each.rule.code != UNLIKE)
    facts = compared(evidence, calibration) if calibration is not None else None
    if facts is None:
        return replace(evidence, facts=kept), others
    known = replace(evidence, facts=(*kept, facts))
    return known, (*others, *rule.examine(known))
