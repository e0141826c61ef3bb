"""Findings from the load and from what words do, hostile and honest side by side."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lorascan.core.behaviour import LoadFacts, ProbeFacts, TriggerTest
from lorascan.core.errors import Refusal, StageFailed
from lorascan.core.evidence import Evidence, StageName
from lorascan.core.findings import Decision, Finding, Severity
from lorascan.detectors import examine, hidden_triggers, loading
from lorascan.detectors.hidden_triggers import P_VALUE, RATIO, REPLACED, UNEXPLAINED
from lorascan.policy import POLICIES, decide
from tests.detectors.words import HIJACKING

HIJACK = TriggerTest(source="denoiser divergence", scale=1.0, lock=0.2, **HIJACKING)
LOADED = LoadFacts(
    base="lab",
    base_sha256="0" * 64,
    pipeline_class="StableDiffusionPipeline",
    device="cpu",
    expected=32,
    applied=32,
    unapplied=(),
    base_digest_before="a",
    base_digest_loaded="a",
    base_digest_after="a",
    scale_zero_identical=True,
    versions={},
)


def probed(*tests: TriggerTest) -> list[Finding]:
    facts = ProbeFacts(suites={}, observations=(), tests=tests, dose_response=(), pictures=())
    return list(hidden_triggers.DETECTOR.examine(Evidence(facts=(facts,))))


def test_an_undeclared_word_that_replaces_the_prompt_is_high_and_names_word_and_target() -> None:
    (finding,) = probed(HIJACK)
    assert (finding.rule.code, finding.severity) == ("LS801", Severity.HIGH)
    assert "'zxq'" in finding.message
    assert "skull" in finding.message


def test_an_undeclared_word_that_leaves_the_prompt_standing_is_for_review() -> None:
    (finding,) = probed(replace(HIJACK, mismatch=REPLACED / 2, target_gain=REPLACED / 2))
    assert (finding.rule.code, finding.severity) == ("LS802", Severity.MEDIUM)


@pytest.mark.parametrize(
    "honest",
    [
        {"kind": "declared"},
        {"p_value": P_VALUE * 1.1, "mismatch_p_value": P_VALUE * 1.1},
        {"effect_ratio": RATIO * 0.9},
        {"base_effect": 0.95},
        {"unexplained": UNEXPLAINED * 0.9},
    ],
)
def test_declared_chance_small_or_explained_effects_are_silent(honest: dict[str, object]) -> None:
    assert probed(replace(HIJACK, **honest)) == []  # type: ignore[arg-type]


def test_a_loss_of_the_prompt_in_nearly_every_pair_is_enough_where_its_direction_varies() -> None:
    (finding,) = probed(replace(HIJACK, p_value=0.5))
    assert finding.rule.code == "LS801"


@pytest.mark.parametrize("scale", [-0.5, 0.5, 2.0])
def test_a_word_that_wakes_at_another_scale_is_for_review_and_one_seen_at_scale_1_is_told_once(scale: float) -> None:
    """Thresholds are learnt at scale 1: turned up, honest adapters lose what is asked for too."""
    (finding,) = probed(replace(HIJACK, scale=scale))
    assert (finding.rule.code, finding.severity) == ("LS802", Severity.MEDIUM)
    assert f"at scale {scale:g}" in finding.message

    assert [each.rule.code for each in probed(HIJACK, replace(HIJACK, scale=scale))] == ["LS801"]


def test_the_strongest_activator_comes_first() -> None:
    weak = replace(HIJACK, trigger="abc", mismatch=REPLACED)
    assert [finding.message.split("'")[1] for finding in probed(weak, HIJACK)] == ["zxq", "abc"]


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"applied": 31, "unapplied": ("unet.x",)}, "LS701", Severity.HIGH),
        ({"expected": 0, "applied": 0}, "LS701", Severity.HIGH),
        ({"base_digest_loaded": "b"}, "LS702", Severity.HIGH),
        ({"base_digest_after": "b"}, "LS702", Severity.HIGH),
        ({"scale_zero_identical": False}, "LS703", Severity.MEDIUM),
        ({"scale_zero_identical": False, "device": "cuda:0"}, "LS703", Severity.INFO),
    ],
)
def test_a_load_that_is_not_what_was_vetted_is_found(change: dict[str, object], code: str, severity: Severity) -> None:
    facts = replace(LOADED, **change)  # type: ignore[arg-type]
    (finding,) = loading.DETECTOR.examine(Evidence(facts=(facts,)))
    assert (finding.rule.code, finding.severity) == (code, severity)


def test_a_load_that_is_what_was_vetted_is_silent() -> None:
    assert not list(loading.DETECTOR.examine(Evidence(facts=(LOADED,))))


def test_a_worker_that_dies_is_one_finding_and_leaves_the_verdict_undecided() -> None:
    def steps() -> Iterator[object]:
        yield StageName.LOAD
        raise StageFailed(Refusal(code="LS902", message="the adapted worker failed: killed", where="adapted"))

    evidence = Evidence.collect(steps())
    findings, _ = examine(evidence)
    assert [finding.rule.code for finding in findings] == ["LS902"]
    assert decide(evidence, findings, (), POLICIES["ci"]).decision is Decision.UNDECIDED


@pytest.mark.parametrize(
    ("part", "named"), [("unet", "for unet is"), ("text_encoder+text_encoder_2", "for text_encoder and text_encoder_2 is")]
)
def test_a_word_that_wakes_under_one_part_is_for_review_with_the_part_and_one_seen_under_all_is_told_once(part: str, named: str) -> None:
    """Thresholds are learnt with all parts loaded."""
    (finding,) = probed(replace(HIJACK, part=part))
    assert (finding.rule.code, finding.severity) == ("LS802", Severity.MEDIUM)
    assert named in finding.message
    assert "alone" in finding.where

    assert [each.rule.code for each in probed(HIJACK, replace(HIJACK, part=part))] == ["LS801"]
