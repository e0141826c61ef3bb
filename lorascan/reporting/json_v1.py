"""Writes a report as JSON, reads it back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from lorascan.core.adapter import Adapter, AdapterFacts, BaseFacts, FileFacts, FileIdentity, Leftover, TensorSpan, WeightStatistics
from lorascan.core.behaviour import Candidates, IsolationFacts, LoadFacts, ProbeFacts
from lorascan.core.errors import Refusal, UsageError
from lorascan.core.evidence import Evidence, Stage
from lorascan.core.findings import Finding, Rule, Verdict
from lorascan.core.pairs import PairFacts, PartnerFacts
from lorascan.core.report import SCHEMA, Gate, Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting._machine import place
from lorascan.reporting._pieces import pieces
from lorascan.reporting._shapes import demand_bounded, plain, table, written

KindT = TypeVar("KindT")

_SECTIONS: Mapping[str, type] = {
    "file": FileFacts,
    "adapter": AdapterFacts,
    "base": BaseFacts,
    "weights": WeightStatistics,
    "load": LoadFacts,
    "hunt": Candidates,
    "probe": ProbeFacts,
}
"""Section name → the one fact it tells; a section is null where no stage gathered the fact."""
_OF_PAIRS: Mapping[str, type] = {"pair": PairFacts, "with": PartnerFacts}
"""The same of pairs; left out of every other report. The verdict is the first decision in the text, also of these."""


def _render(report: Report, _: Look) -> str:
    return written(_shape(report))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    return pieces(map(_shape, reports))


def _shape(report: Report) -> dict[str, Any]:
    known = _digest.identity(report)
    shape: dict[str, Any] = {
        "schema": report.schema,
        "created": _digest.created(report),
        "tool": {"name": "lorascan", "version": _digest.tool_version(report)},
        "subject": {
            "path": place(report),
            "name": report.name,
            "sha256": known.sha256 if known else None,
            "size": known.size if known else None,
        },
        "verdict": table(report.verdict),
        "findings": [_finding(each) for each in _digest.findings(report)],
        "refusals": plain(report.evidence.refusals),
        "failures": plain(report.evidence.failures),
        "stages": [_stage(each) for each in _digest.stages(report)],
        "policy": report.policy,
        "command": report.command,
        "environment": {name: each for name, each in report.environment.items() if name != "created"},
        "leftovers": [table(each.span) | {"reason": each.reason} for each in _digest.leftovers(report)],
        "isolation": [_lock(each) for each in report.evidence.all(IsolationFacts)],
        "gate": table(report.gate),
        "cached": None if _digest.repeatable() else report.cached,
    }
    for name, kind in _SECTIONS.items():
        told = _digest.adapter_facts(report) if name == "adapter" else _digest.fact(report, kind)
        shape[name] = None if told is None else table(told)
    told_of_pairs = {name: _digest.fact(report, kind) for name, kind in _OF_PAIRS.items()}
    return shape | {name: table(each) for name, each in told_of_pairs.items() if each is not None}


def _stage(stage: Stage) -> dict[str, Any]:
    """A stage; what it took is left out where two runs must give the same bytes."""
    return table(stage) | ({"seconds": None} if _digest.repeatable() else {})


def _lock(facts: IsolationFacts) -> dict[str, Any]:
    if not _digest.repeatable():
        return table(facts)
    limits = {name: each for name, each in facts.limits.items() if name != "RLIMIT_NPROC"}  # counts what runs beside the audit
    return table(facts) | {"peak_memory_bytes": None, "limits": plain(limits)}


def _finding(finding: Finding) -> dict[str, Any]:
    rule = table(finding.rule)
    return (
        table(finding)
        | {"rule": finding.rule.code, "rule_severity": rule["severity"]}
        | {key: rule[key] for key in ("name", "summary", "cwe")}
    )


def _load(text: str) -> Report:
    """The report that `text` holds. Pictures are not kept in JSON: they are missing from what is read."""
    try:
        shape = json.loads(text)
        if not isinstance(shape, dict) or shape.get("schema") != SCHEMA:
            message = f"not a {SCHEMA} result of one file"
            raise UsageError(message)
        demand_bounded(shape)
        return _read(shape)
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"not a readable {SCHEMA} result: {type(error).__name__}"
        raise UsageError(message) from error


def _read(shape: Mapping[str, Any]) -> Report:
    known = {**_SECTIONS, **_OF_PAIRS}
    facts = [*_identity(shape), *(_fact(kind, name, shape) for name, kind in known.items() if shape.get(name) is not None)]
    return Report(
        name=_typed(str, shape["subject"]["name"]),
        evidence=Evidence(
            facts=(*facts, *(_typed(IsolationFacts, each) for each in shape["isolation"])),
            refusals=tuple(_typed(Refusal, each) for each in shape["refusals"]),
            failures=tuple(_typed(Refusal, each) for each in shape.get("failures", ())),
            stages=tuple(_typed(Stage, {**each, "seconds": each["seconds"] or 0.0}) for each in shape["stages"]),
        ),
        findings=tuple(_read_finding(each) for each in shape["findings"]),
        verdict=_typed(Verdict, shape["verdict"]),
        policy=_typed(str, shape["policy"]),
        environment=_typed(dict[str, str], shape["environment"]) | {"created": _typed(str, shape["created"])},
        command=_typed(str, shape["command"]),
        gate=_typed(Gate, shape.get("gate", {})),
        cached=_typed(bool | None, shape.get("cached")),  # type: ignore[arg-type]  # a union is a type to pydantic
    )


def _identity(shape: Mapping[str, Any]) -> Iterator[FileIdentity]:
    """Of a file that was refused, what was known of it before it was parsed."""
    subject = shape["subject"]
    if shape.get("file") is None and subject.get("sha256") is not None:
        yield _typed(FileIdentity, subject)


def _fact(kind: type, name: str, shape: Mapping[str, Any]) -> object:
    """A section's fact, without pictures; what no update claims belongs to the adapter."""
    told = shape[name]
    if name == "probe":
        return _typed(kind, {**told, "pictures": ()})
    if name == "adapter" and shape["leftovers"]:
        left = tuple(Leftover(span=_typed(TensorSpan, each), reason=_typed(str, each["reason"])) for each in shape["leftovers"])
        return Adapter(updates=(), leftovers=left, facts=_typed(AdapterFacts, told))
    return _typed(kind, told)


def _read_finding(told: Mapping[str, Any]) -> Finding:
    rule = Rule(
        code=_typed(str, told["rule"]),
        name=_typed(str, told["name"]),
        summary=_typed(str, told["summary"]),
        severity=told["rule_severity"],
        cwe=tuple(told["cwe"]),
    )
    return _typed(Finding, {**told, "rule": _typed(Rule, table(rule))})


def _typed(kind: type[KindT], value: object) -> KindT:
    return _adapter(kind).validate_python(value)  # type: ignore[arg-type, no-any-return]  # types are hashable


@cache
def _adapter(kind: type) -> "TypeAdapter[Any]":
    """Building one takes longer than a thousand uses."""
    return TypeAdapter(kind)


FORMAT = Format(name="json", suffixes=(".json",), aliases=("json-v1",), render=_render, pieces=_pieces, load=_load)
