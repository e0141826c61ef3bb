"""JSON keeps the truth, and its promises."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.core.adapter import FileIdentity, WeightStatistics
from lorascan.core.behaviour import IsolationFacts
from lorascan.core.errors import UsageError
from lorascan.core.report import Report
from lorascan.core.shipped import shipped
from lorascan.reporting import formats, load, render, render_all
from tests.reporting.examples import EXAMPLES, backdoored, honest, hostile, refused

SCHEMA = json.loads(shipped("reports", "schema", "report-v1.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(params=sorted(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Report:
    return EXAMPLES[request.param]()


def test_the_shipped_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_report_is_valid_by_the_shipped_schema(example: Report) -> None:
    jsonschema.validate(json.loads(render(example, "json")), SCHEMA, jsonschema.Draft202012Validator)


def test_several_reports_are_a_list_and_one_is_an_object() -> None:
    several = json.loads(render_all([honest(), refused()], "json"))

    jsonschema.validate(several, SCHEMA, jsonschema.Draft202012Validator)
    assert [each["verdict"]["decision"] for each in several] == ["admit", "reject"]


def test_keys_are_sorted_and_the_text_is_ascii(example: Report) -> None:
    written = render(example, "json")

    assert written.isascii()
    assert json.dumps(json.loads(written), sort_keys=True, indent=2) + "\n" == written


def test_the_time_is_that_of_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert json.loads(render(honest(), "json"))["created"] == "2023-11-14T22:13:20Z"


def test_foreign_text_is_kept_as_it_is() -> None:
    report = hostile()

    told = json.loads(render(report, "json"))

    assert told["subject"]["name"] == report.name
    assert told["verdict"]["reasons"] == list(report.verdict.reasons)


def test_all_facts_are_told_but_pictures_by_digest_only() -> None:
    told: dict[str, Any] = json.loads(render(backdoored(), "json"))

    assert len(told["weights"]["layers"]) == 72
    assert len(told["weights"]["layers"][0]["singular_values"]) == 8
    assert told["hunt"]["ranked"][0]["text"] == "zxqv"
    assert {each["kind"] for each in told["probe"]["dose_response"]} == {"plain", "declared", "control", "candidate"}
    assert told["isolation"][0]["checks"]["no network"] is True
    assert set(told["probe"]["pictures"][0]["webp"]) == {"bytes", "sha256"}


def test_numbers_that_are_not_finite_are_named() -> None:
    report = backdoored()
    weights = report.evidence[WeightStatistics]
    broken = replace(weights, layers=(replace(weights.layers[0], frobenius=float("nan"), spectral=float("inf")),))
    facts = tuple(broken if each is weights else each for each in report.evidence.facts)

    written = render(replace(report, evidence=replace(report.evidence, facts=facts)), "json")

    layer = json.loads(written)["weights"]["layers"][0]
    assert (layer["frobenius"], layer["spectral"]) == ("NaN", "Infinity")
    jsonschema.validate(json.loads(written), SCHEMA, jsonschema.Draft202012Validator)
    assert load(written).evidence[WeightStatistics].layers[0].spectral == float("inf")


def test_a_result_can_be_read_back_and_rendered_again(example: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    again = load(render(example, "json"))

    assert again.verdict == example.verdict
    assert json.loads(render(again, "json"))["created"] == "2023-11-14T22:13:20Z"
    assert "not run" in render(again, "html") or "ran" in render(again, "html")
    if not again.environment.get("created"):
        pytest.fail("the time of the audit is lost")


def test_a_result_read_back_reads_the_same_in_the_terminal() -> None:
    assert render(load(render(backdoored(), "json")), "text") == render(backdoored(), "text")


@given(
    st.one_of(st.text(max_size=40), st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=8).map(json.dumps))
)
def test_what_is_no_result_is_refused_with_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="lorascan/report/v1"):
        load(text)


@pytest.mark.parametrize("section", ["verdict", "findings", "stages", "subject", "isolation", "weights"])
def test_a_result_with_a_spoilt_section_is_refused(section: str) -> None:
    told = json.loads(render(backdoored(), "json"))
    told[section] = {"surprise": [1, 2]}

    with pytest.raises(UsageError, match="not a readable"):
        load(json.dumps(told))


def test_a_result_read_back_says_all_that_it_said_but_pictures(example: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    told = json.loads(render(example, "json"))

    again = json.loads(render(load(render(example, "json")), "json"))

    for each in (told, again):
        (each["probe"] or {}).pop("pictures", None)
    assert again == told


def test_a_refused_file_is_known_by_its_digest() -> None:
    known = FileIdentity(name="broken.safetensors", path="a/broken.safetensors", size=7, sha256="ab" * 32)
    report = refused()
    report = replace(report, evidence=replace(report.evidence, facts=(known,)))

    told = json.loads(render(report, "json"))

    assert told["subject"] == {"name": "broken.safetensors", "path": "a/broken.safetensors", "size": 7, "sha256": "ab" * 32}
    assert load(render(report, "json")).evidence[FileIdentity] == known


def test_with_source_date_epoch_nothing_that_varies_from_run_to_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    report = backdoored()
    slower = replace(report.evidence, stages=tuple(replace(each, seconds=each.seconds * 3) for each in report.evidence.stages))
    crowded = {"peak_memory_bytes": 1, "limits": {"RLIMIT_NPROC": 1094.0, "RLIMIT_NOFILE": 256.0}}
    calm = {"peak_memory_bytes": 2, "limits": {"RLIMIT_NPROC": 1088.0, "RLIMIT_NOFILE": 256.0}}
    heavier, lighter = (
        tuple(replace(each, **told) if isinstance(each, IsolationFacts) else each for each in slower.facts) for told in (crowded, calm)
    )
    report = replace(report, evidence=replace(report.evidence, facts=lighter))

    told = render(replace(report, evidence=replace(slower, facts=heavier), cached=True), "json")
    assert told == render(report, "json")
    assert json.loads(told)["isolation"][0]["limits"] == {"RLIMIT_NOFILE": 256.0}


@pytest.mark.parametrize(("place", "above"), [
    (("file", "size"), 2**63),
    (("file", "header_bytes"), 2**64),
    (("weights", "layers", 0, "rank"), 2**64),
    (("findings", 0, "measured"), 10**400),
    (("findings", 0, "threshold"), 10**400),
    (("verdict", "scope", "pairs"), 2**64),
])  # fmt: skip
@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_that_no_writer_could_hold_is_refused(place: tuple[str | int, ...], above: int, sign: int) -> None:
    told: Any = json.loads(render(backdoored(), "json"))
    there = told
    for step in place[:-1]:
        there = there[step]
    there[place[-1]] = sign * above

    with pytest.raises(UsageError, match="not a readable"):
        load(json.dumps(told))


def test_what_a_finding_measured_is_read_back_however_much_a_hostile_file_claimed() -> None:
    told = json.loads(render(backdoored(), "json"))
    told["findings"][0]["measured"] = 2**512

    assert load(json.dumps(told)).findings[0].measured == 2**512


@pytest.mark.parametrize("kind", sorted(each.name for each in formats().values()))
def test_the_largest_numbers_that_are_read_back_can_be_written_in_every_format(kind: str) -> None:
    told = json.loads(render(backdoored(), "json"))
    told["file"]["size"] = told["subject"]["size"] = 2**63 - 1
    told["findings"][0]["measured"] = told["findings"][0]["threshold"] = 2**1023 - 1
    report = load(json.dumps(told))

    pack = formats()[kind].pack
    assert pack([report]) if pack else render(report, kind)
