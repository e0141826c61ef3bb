"""Writes a report as JSON, reads it back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from lorascan.core.adapter import AdapterFacts, BaseFacts, FileFacts, WeightStatistics
from lorascan.core.behaviour import Candidates, IsolationFacts, LoadFacts, ProbeFacts
from lorascan.core.errors import Refusal, UsageError
from lorascan.core.evidence import Evidence, Stage
from lorascan.core.findings import Finding, Rule, Verdict
from lorascan.core.report import SCHEMA, Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting._shapes import plain, table, written

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


def _render(report: Report, _: Look) -> str:
    return written(_shape(report))


def _render_all(reports: Sequence[Report], _: Look) -> str:
    return written([_shape(each) for each in reports])


def _shape(report: Report) -> dict[str, Any]:
    facts = _digest.fact(report, FileFacts)
    shape: dict[str, Any] = {
        "schema": report.schema,
        "created": _digest.created(report),
        "tool": {"name": "lorascan", "version": _digest.tool_version(report)},
        "subject": {
            "path": facts.path if facts else report.name,
            "name": report.name,
            "sha256": facts.sha256 if facts else None,
            "size": facts.size if facts else None,
        },
        "verdict": table(report.verdict),
        "findings": [_finding(each) for each in _digest.findings(report)],
        "refusals": plain(report.evidence.refusals),
        "failures": plain(report.evidence.failures),
        "stages": plain(_digest.stages(report)),
        "policy": report.policy,
        "command": report.command,
        "environment": {name: each for name, each in report.environment.items() if name != "created"},
        "leftovers": [table(each.span) | {"reason": each.reason} for each in _digest.leftovers(report)],
        "isolation": plain(report.evidence.all(IsolationFacts)),
    }
    for name, kind in _SECTIONS.items():
        told = _digest.adapter_facts(report) if name == "adapter" else _digest.fact(report, kind)
        shape[name] = None if told is None else table(told)
    return shape


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
        return _read(shape)
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"not a readable {SCHEMA} result: {type(error).__name__}"
        raise UsageError(message) from error


def _read(shape: Mapping[str, Any]) -> Report:
    facts = [_fact(kind, name, shape[name]) for name, kind in _SECTIONS.items() if shape.get(name) is not None]
    return Report(
        name=_typed(str, shape["subject"]["name"]),
        evidence=Evidence(
            facts=(*facts, *(_typed(IsolationFacts, each) for each in shape["isolation"])),
            refusals=tuple(_typed(Refusal, each) for each in shape["refusals"]),
            failures=tuple(_typed(Refusal, each) for each in shape.get("failures", ())),
            stages=tuple(_typed(Stage, each) for each in shape["stages"]),
        ),
        findings=tuple(_read_finding(each) for each in shape["findings"]),
        verdict=_typed(Verdict, shape["verdict"]),
        policy=_typed(str, shape["policy"]),
        environment=_typed(dict[str, str], shape["environment"]) | {"created": _typed(str, shape["created"])},
        command=_typed(str, shape["command"]),
    )


def _fact(kind: type, name: str, told: Mapping[str, Any]) -> object:
    return _typed(kind, {**told, "pictures": ()} if name == "probe" else told)


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
    return TypeAdapter(kind).validate_python(value)


FORMAT = Format(name="json", suffixes=(".json",), aliases=("json-v1",), render=_render, render_all=_render_all, load=_load)
