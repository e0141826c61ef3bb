"""Formats for machines keep the rules of those who read them."""

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from junitparser import JUnitXml, TestSuite
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from lorascan.core.errors import UsageError
from lorascan.core.findings import Suppression
from lorascan.core.report import Report
from lorascan.reporting import format_named, render, render_all
from tests.reporting.examples import EXAMPLES, backdoored, honest, hostile, undecided

SCHEMAS = Path(__file__).parent.parent / "data" / "schemas"
WAIVER = Suppression(kind="waiver", reason="trained on our own logo", by="security@example.org", expires="2027-06-30")


@cache
def validator(name: str) -> Any:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    # Licences and signatures, which we do not write, are the only schemas cited from elsewhere.
    cited = [(each, Resource.from_contents({}, default_specification=DRAFT7)) for each in CITED]
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, registry=Registry().with_resources(cited))


CITED = (
    "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
    "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
)


@pytest.fixture(params=sorted(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Report:
    return EXAMPLES[request.param]()


def waived() -> Report:
    """The backdoored example, its low finding waived."""
    report = backdoored()
    found = tuple(replace(each, suppressed=WAIVER) if each.rule.code == "LS608" else each for each in report.findings)
    return replace(report, findings=found)


@pytest.mark.parametrize(("name", "schema"), [("sarif", "sarif-2.1.0.json"), ("cyclonedx", "bom-1.6.schema.json")])
def test_every_report_is_valid_by_the_schema_of_its_standard(name: str, schema: str, example: Report) -> None:
    for written in (render(example, name), render_all([example, honest(), waived()], name)):
        problems = [f"{each.json_path}: {each.message[:200]}" for each in validator(schema).iter_errors(json.loads(written))]
        assert problems == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    sarif = json.loads(render(backdoored(), "sarif"))
    sarif["runs"][0]["results"][0]["level"] = "fatal"
    bom = json.loads(render(backdoored(), "cyclonedx"))
    bom["components"][0]["type"] = "adapter"

    assert not validator("sarif-2.1.0.json").is_valid(sarif)
    assert not validator("bom-1.6.schema.json").is_valid(bom)


def run_of(report: Report) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads(render(report, "sarif"))["runs"][0]
    return shape


def test_sarif_keeps_a_finding_s_fingerprint_from_run_to_run_and_tells_files_apart() -> None:
    def prints(report: Report) -> list[str]:
        return [each["partialFingerprints"]["lorascan/v1"] for each in run_of(report)["results"]]

    reworded = replace(backdoored(), findings=tuple(replace(each, message="other words") for each in backdoored().findings))
    assert prints(backdoored()) == prints(reworded)
    assert not set(prints(backdoored())) & set(prints(backdoored("another.safetensors")))


def test_sarif_says_where_how_bad_and_which_weakness() -> None:
    run = run_of(backdoored())

    worst = run["results"][0]
    assert (worst["ruleId"], worst["level"]) == ("LS801", "error")
    assert worst["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    rule = run["tool"]["driver"]["rules"][worst["ruleIndex"]]
    assert rule["id"] == "LS801"
    assert 7.0 <= float(rule["properties"]["security-severity"]) < 9.0
    assert "external/cwe/cwe-506" in rule["properties"]["tags"]
    layer = next(each for each in run["results"] if each["ruleId"] == "LS608")
    assert layer["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].endswith("attn2.to_v")


def test_sarif_shows_what_was_waived_and_why() -> None:
    found = {each["ruleId"]: each["suppressions"] for each in run_of(waived())["results"]}

    assert found["LS801"] == []
    assert found["LS608"][0]["status"] == "accepted"
    for part in ("our own logo", "security@example.org", "2027-06-30"):
        assert part in found["LS608"][0]["justification"]


def test_sarif_says_that_an_audit_did_not_come_to_its_end() -> None:
    invocation = run_of(undecided())["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert [each["level"] for each in invocation["toolExecutionNotifications"]] == ["error"] * 3
    assert run_of(honest())["invocations"][0]["executionSuccessful"] is True


def test_a_path_of_any_characters_is_a_uri_of_plain_ones() -> None:
    uri = run_of(hostile())["artifacts"][0]["location"]["uri"]

    assert uri.isascii()
    assert not re.search(r"[\s<>\"{}|\\^`:]", uri)


def test_junit_is_read_back_with_a_case_for_the_verdict_each_stage_and_each_finding(example: Report) -> None:
    suite = next(iter(JUnitXml.fromstring(render(example, "junit"))))
    assert isinstance(suite, TestSuite)

    assert suite.tests == 1 + 5 + len(example.findings)
    bad = example.verdict.decision != "admit"
    assert bool(suite.failures + suite.errors) is bad


def test_junit_counts_no_waived_finding() -> None:
    def failures(report: Report) -> int:
        return int(next(iter(JUnitXml.fromstring(render(report, "junit")))).failures)

    everything = replace(waived(), findings=tuple(replace(each, suppressed=WAIVER) for each in waived().findings))
    assert failures(backdoored()) == 2
    assert failures(everything) == 1, "the verdict itself stays as it was given"


def test_annotations_are_ten_at_most_the_worst_first_and_say_how_many_are_missing() -> None:
    many = replace(backdoored(), findings=backdoored().findings * 20)

    lines = render(many, "github").splitlines()

    assert len(lines) == 10
    assert lines[0].startswith("::error title=reject by lorascan,file=halftone-style-v2.safetensors,line=1::")
    assert lines[-1] == "::notice title=lorascan::32 more annotations are in the full report"
    levels = [re.match(r"::(\w+) ", each)[1] for each in lines]  # type: ignore[index]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)


def test_gitlab_gets_each_finding_once_and_the_state_of_the_scan() -> None:
    twice = replace(backdoored(), findings=backdoored().findings * 2)
    report = json.loads(render(twice, "gitlab"))

    assert [each["severity"] for each in report["vulnerabilities"]] == ["High", "Low"]
    assert report["vulnerabilities"][0]["identifiers"][1] == {"type": "cwe", "name": "CWE-506", "value": "506"}
    assert report["scan"]["status"] == "success"
    assert json.loads(render(undecided(), "gitlab"))["scan"]["status"] == "failure"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", report["scan"]["end_time"])
    told = json.loads(render(twice, "codequality"))
    assert [each["check_name"] for each in told] == ["verdict", "LS801", "LS608"]
    assert len({each["fingerprint"] for each in told}) == 3


def test_waived_findings_are_left_to_gitlab_s_own_list() -> None:
    assert [each["identifiers"][0]["value"] for each in json.loads(render(waived(), "gitlab"))["vulnerabilities"]] == ["LS801"]


def test_a_statement_is_about_the_bytes_and_passes_only_what_was_admitted(example: Report) -> None:
    statement = json.loads(render(example, "intoto"))

    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert (statement["predicate"]["result"] == "PASSED") is (example.verdict.decision == "admit")
    assert statement["predicate"]["lorascan"]["decision"] == example.verdict.decision
    if example.verdict.decision == "reject" and not example.evidence.facts:
        assert statement["subject"] == [], "without a digest there is nothing to speak for"
    else:
        assert re.fullmatch("[0-9a-f]{64}", statement["subject"][0]["digest"]["sha256"])
    lines = render_all([honest(), backdoored()], "intoto").splitlines()
    assert [json.loads(each)["predicate"]["result"] for each in lines] == ["PASSED", "FAILED"]


def test_csv_has_a_row_a_finding_and_one_for_a_file_without() -> None:
    rows = list(csv.DictReader(io.StringIO(render_all([honest(), waived()], "csv"))))

    assert [(each["decision"], each["rule"], each["suppressed"][:6]) for each in rows] == [
        ("admit", "", ""),
        ("reject", "LS801", ""),
        ("reject", "LS608", "waiver"),
    ]


def test_no_cell_of_csv_is_a_formula() -> None:
    found = tuple(replace(each, message=f"{sign}1+1", where=f"{sign}cmd") for each in backdoored().findings[:1] for sign in "=+-@")

    rows = list(csv.reader(io.StringIO(render(replace(backdoored(), findings=found), "csv"))))[1:]

    assert len(rows) == 4
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_parquet_holds_the_rows_of_csv_and_is_no_text() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pack = format_named("parquet").pack
    assert pack is not None

    table = pq.read_table(pa.BufferReader(pack([honest(), backdoored()])))

    assert table.column("rule").to_pylist() == ["", "LS801", "LS608"]
    assert table.column("size").to_pylist() == [4_812_336] * 3
    with pytest.raises(UsageError, match="no text"):
        render(honest(), "parquet")
