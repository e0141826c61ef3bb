"""Formats whose readers' own schema is not ours to ship keep what those readers demand."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from lorascan.core.report import Report
from lorascan.reporting import render, render_all
from tests.reporting.examples import EXAMPLES, backdoored, honest, undecided
from tests.reporting.structures import CODE_QUALITY, SAST, STATEMENT

STRUCTURES = {"gitlab": SAST, "codequality": CODE_QUALITY, "intoto": STATEMENT}


def problems(name: str, told: object) -> list[str]:
    checker = jsonschema.Draft202012Validator(STRUCTURES[name])
    return [f"{each.json_path}: {each.message[:200]}" for each in checker.iter_errors(told)]


def bare() -> Report:
    """A report that says neither its version nor anything else of where it was made."""
    return replace(backdoored(), environment={}, policy="house")


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("example", [*EXAMPLES, "bare"])
def test_a_report_is_what_its_reader_demands(name: str, example: str) -> None:
    report = bare() if example == "bare" else EXAMPLES[example]()

    assert problems(name, json.loads(render(report, name))) == []


@pytest.mark.parametrize("name", ["gitlab", "codequality"])
def test_several_reports_are_too(name: str) -> None:
    assert problems(name, json.loads(render_all([make() for make in EXAMPLES.values()], name))) == []


def test_each_line_of_several_statements_is_one() -> None:
    for line in render_all([make() for make in EXAMPLES.values()], "intoto").splitlines():
        assert problems("intoto", json.loads(line)) == []


def test_the_fingerprints_of_a_code_quality_report_differ() -> None:
    """GitLab shows of two entries with one fingerprint only the first."""
    told = json.loads(render_all([backdoored(), undecided(), honest(), backdoored("other.safetensors")], "codequality"))

    assert len({each["fingerprint"] for each in told}) == len(told) > 3


def spoilt(told: Any, *place: str | int, value: object = None) -> Any:
    """A copy with one value changed, or left out where none is given."""
    made = copy.deepcopy(told)
    inner = made
    for each in place[:-1]:
        inner = inner[each]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return made


WRONG: dict[str, Callable[[Any], Any]] = {
    "gitlab: no end": lambda told: spoilt(told, "scan", "end_time"),
    "gitlab: an end with a zone": lambda told: spoilt(told, "scan", "end_time", value="2026-01-02T03:04:05Z"),
    "gitlab: a tool without a version": lambda told: spoilt(told, "scan", "analyzer", "version", value=""),
    "gitlab: an unknown severity": lambda told: spoilt(told, "vulnerabilities", 0, "severity", value="high"),
    "gitlab: no identifier": lambda told: spoilt(told, "vulnerabilities", 0, "identifiers", value=[]),
    "gitlab: an empty message": lambda told: spoilt(told, "scan", "messages", 0, "value", value=""),
    "gitlab: a long name": lambda told: spoilt(told, "vulnerabilities", 0, "name", value="x" * 256),
    "gitlab: a key of our own": lambda told: spoilt(told, "lorascan", value="x"),
    "codequality: no fingerprint": lambda told: spoilt(told, 0, "fingerprint"),
    "codequality: an unknown severity": lambda told: spoilt(told, 0, "severity", value="high"),
    "codequality: no line": lambda told: spoilt(told, 0, "location", "lines"),
    "intoto: a subject without a digest": lambda told: spoilt(told, "subject", 0, "digest"),
    "intoto: an unknown result": lambda told: spoilt(told, "predicate", "result", value="OK"),
    "intoto: no configuration": lambda told: spoilt(told, "predicate", "configuration"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_structures_refuse_what_is_wrong(wrong: str) -> None:
    name = wrong.partition(":")[0]

    assert problems(name, WRONG[wrong](json.loads(render(backdoored(), name))))
