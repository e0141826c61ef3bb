"""What happens to the second file of a pair before anything is loaded, and what is then loaded."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from safetensors.numpy import save

from lorascan import worker
from lorascan.auditing import audit
from lorascan.cache import key_of
from lorascan.core.errors import Refusal, StageFailed
from lorascan.core.evidence import StageName, Status
from lorascan.core.findings import Decision, Severity
from lorascan.core.pairs import PartnerFacts
from lorascan.core.report import Report
from lorascan.core.shipped import shipped
from lorascan.policy import POLICIES, Rulebook, Waiver
from lorascan.reporting import load, render
from lorascan.settings import Settings, settings_of
from lorascan.weights.canonical import read_canonical
from tests.adapters.builders import make_tensors
from tests.cli.fake_workers import scaled
from tests.cli.in_process import Called, caller

SCHEMA = json.loads(shipped("reports", "schema", "report-v1.schema.json").read_text(encoding="utf-8"))
Loaded = list[dict[str, bytes | None]]


def written(path: Path, by: float = 0.02, metadata: Mapping[str, str] | None = None) -> Path:
    path.write_bytes(save(scaled(by), metadata=dict(metadata or {})))
    return path


@pytest.fixture
def subject(tmp_path: Path) -> Path:
    return written(tmp_path / "a.safetensors", metadata={"modelspec.trigger_phrase": "frosted"})


@pytest.fixture
def partner(tmp_path: Path) -> Path:
    return written(tmp_path / "b.safetensors", by=0.03, metadata={"modelspec.trigger_phrase": "gilded"})


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """What comes to the workers, which fail at once."""
    came: Loaded = []

    def opened(_base: object, canonical: bytes, *_: object, partner: bytes | None = None, random: bytes | None = None) -> None:
        came.append({"adapter": canonical, "partner": partner, "random": random})
        raise StageFailed(Refusal(code="LS902", message="no worker here"))

    monkeypatch.setattr(worker, "open_workers", opened)
    return came


def pair(subject: Path, partner: Path, **values: object) -> Report:
    return audit(subject, settings_of(partner=partner, **values))


def codes(report: Report) -> list[str]:
    """What is more than information: that peft's files lack α is told of any."""
    return [each.rule.code for each in report.findings if each.severity in (Severity.HIGH, Severity.MEDIUM)]


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def page(path: Path) -> None:
    path.write_text("<!doctype html><title>not found</title>", encoding="utf-8")


@pytest.mark.parametrize("spoil", [truncated, page])
def test_a_partner_that_the_gate_rejects_stops_the_pair_before_anything_is_loaded(
    subject: Path, partner: Path, loaded: Loaded, spoil: Callable[[Path], None]
) -> None:
    spoil(partner)
    report = pair(subject, partner)
    assert report.verdict.decision is Decision.REJECT
    assert codes(report) == ["LS704"]
    assert loaded == []
    assert {each.status for each in report.evidence.stages if each.name not in ("file", "weights")} == {Status.NOT_RUN}


def test_both_files_are_loaded_with_their_own_updates(subject: Path, partner: Path, loaded: Loaded) -> None:
    report = pair(subject, partner)
    (came,) = loaded
    assert came["adapter"] is not None
    assert came["partner"] is not None
    first, second = read_canonical(came["adapter"]), read_canonical(came["partner"])
    assert first.keys() == second.keys()
    assert all(np.allclose(second[name], 1.5 * first[name]) for name in first)
    assert report.verdict.decision is Decision.UNDECIDED


def test_one_adapter_is_loaded_without_a_partner(subject: Path, loaded: Loaded) -> None:
    report = audit(subject)
    assert [(each["partner"], each["random"]) for each in loaded] == [(None, None)]
    assert not report.evidence.has(PartnerFacts)
    assert "with" not in json.loads(render(report, "json"))


def test_the_report_names_the_partner_with_its_digests_and_can_be_read_back(subject: Path, partner: Path) -> None:
    report = pair(subject, partner, policy="static")
    facts = report.evidence[PartnerFacts]
    told = json.loads(render(report, "json"))
    assert report.verdict.decision is Decision.ADMIT
    assert (facts.decision, facts.family, facts.declared_triggers, facts.update_count) == ("admit", "lab", ("gilded",), 2)
    assert told["with"]["sha256"] == facts.sha256 != told["subject"]["sha256"]
    jsonschema.validate(told, SCHEMA, jsonschema.Draft202012Validator)
    assert load(render(report, "json")).evidence[PartnerFacts] == facts


def test_a_finding_for_review_in_the_partner_alone_makes_the_pair_a_review(subject: Path, partner: Path) -> None:
    written(partner, by=0.0)
    report = pair(subject, partner, policy="static")
    assert codes(report) == ["LS705"]
    assert any("LS606" in each.message for each in report.findings if each.rule.code == "LS705")
    assert report.verdict.decision is Decision.REVIEW


def test_a_waiver_counts_for_the_file_that_it_names_and_for_no_other(subject: Path, partner: Path) -> None:
    written(partner, by=0.0)
    settings = settings_of(partner=partner, policy="static")
    sha256 = audit(subject, settings).evidence[PartnerFacts].sha256
    own = audit(subject, settings_of(policy="static")).evidence.facts[0].sha256
    for digest, decision in ((sha256, Decision.ADMIT), (own, Decision.REVIEW)):
        waiver = Waiver.model_validate({"rule": "LS606", "sha256": digest, "expires": "2999-01-01", "reason": "known", "by": "me"})
        rules = Rulebook(policy=POLICIES["static"], waivers=(waiver,))
        assert audit(subject, settings, rules=rules).verdict.decision is decision


def test_a_blocked_partner_rejects_the_pair(subject: Path, partner: Path, loaded: Loaded) -> None:
    sha256 = audit(partner, settings_of(policy="static")).evidence.facts[0].sha256
    report = pair(subject, partner, blocked=frozenset({sha256}))
    assert report.verdict.decision is Decision.REJECT
    assert loaded == []


def test_a_partner_for_another_base_leaves_the_pair_undecided_with_both_bases_named(subject: Path, tmp_path: Path, loaded: Loaded) -> None:
    strange = tmp_path / "c.safetensors"
    tensors = {
        f"unet.elsewhere.{name.rsplit('.', 3)[1]}.{name.split('.', 1)[1]}": value for name, value in make_tensors(dialect="peft").items()
    }
    strange.write_bytes(save({name: np.asarray(value, dtype=np.float32) * np.float32(0.02) for name, value in tensors.items()}))
    report = pair(subject, strange)
    assert report.verdict.decision is not Decision.ADMIT
    assert loaded == []


def test_results_of_pairs_are_kept_by_both_files_and_by_the_rules(subject: Path, partner: Path) -> None:
    def key(settings: Settings, rules: Rulebook) -> str:
        return key_of(subject, "ab" * 32, settings, loads=True, surroundings=None, rules=rules)

    rules, blocking = Rulebook(), Rulebook(blocked=frozenset({"cd" * 32}))
    alone, together = settings_of(), settings_of(partner=partner)
    assert key(alone, rules) == key(alone, blocking)
    assert len({key(alone, rules), key(together, rules), key(together, blocking)}) == 3
    before = key(together, rules)
    written(partner, by=0.04)
    assert key(together, rules) != before


def test_the_command_line_takes_one_file_beside_each_target(
    subject: Path, partner: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call: Called = caller(monkeypatch, capsys)
    monkeypatch.chdir(tmp_path)
    shared: tuple[Any, ...] = ("--policy", "static", "--no-cache", "-f", "json")
    code, out, said = call("audit", subject, "--with", partner, *shared)
    assert code == 0, said
    assert json.loads(out)["with"]["name"] == "b.safetensors"
    code, _, said = call("audit", subject, "--with", tmp_path / "missing", *shared)
    assert (code, "no such file" in said) == (2, True)


def test_a_result_of_a_pair_does_not_speak_for_its_first_file_alone(
    subject: Path, partner: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call = caller(monkeypatch, capsys)
    monkeypatch.chdir(tmp_path)
    for name, options in (("pair.json", ("--with", partner)), ("one.json", ())):
        assert call("audit", subject, *options, "--policy", "static", "--no-cache", "-o", tmp_path / name)[0] == 0
    assert call("verify", tmp_path / "one.json", subject)[0] == 0
    code, _, said = call("verify", tmp_path / "pair.json", subject)
    assert code == 3
    assert "b.safetensors" in said


def test_the_stages_are_those_of_one_adapter(subject: Path, partner: Path) -> None:
    report = pair(subject, partner, policy="static")
    assert [each.name for each in report.evidence.stages] == [StageName.FILE, StageName.WEIGHTS]
