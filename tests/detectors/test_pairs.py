"""Findings about pairs, hostile and honest side by side."""

from dataclasses import replace

import pytest

from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Severity
from lorascan.core.pairs import PairFacts, PairTest, PartnerFacts
from lorascan.detectors import pair_partner, pair_triggers
from lorascan.detectors.hidden_triggers import P_VALUE, RATIO, REPLACED, UNEXPLAINED
from tests.detectors.words import HIJACKING

TOGETHER = PairTest(
    source="pair interaction",
    place="end",
    together=0.9,
    subject=0.05,
    partner=0.05,
    mismatch_subject=0.0,
    mismatch_partner=0.0,
    **HIJACKING,
)
PARTNER = PartnerFacts(
    name="b.safetensors",
    path="b.safetensors",
    size=10,
    sha256="cd" * 32,
    tensor_hash="ef" * 32,
    dialects=("peft",),
    components={"unet": 2},
    update_count=2,
    declared_triggers=(),
    family="lab",
    decision="admit",
    reasons=(),
)


def found_in(*tests: PairTest) -> list[Finding]:
    return list(pair_triggers.DETECTOR.examine(Evidence(facts=(PairFacts(tests=tests),))))


def beside(partner: PartnerFacts) -> list[Finding]:
    return list(pair_partner.DETECTOR.examine(Evidence(facts=(partner,))))


def test_a_word_that_replaces_the_prompt_only_under_both_is_high_and_names_word_and_target() -> None:
    (finding,) = found_in(TOGETHER)
    assert (finding.rule.code, finding.severity) == ("LS803", Severity.HIGH)
    assert "'zxq'" in finding.message
    assert "skull" in finding.message
    assert "neither alone" in finding.message


def test_an_interaction_that_leaves_the_prompt_standing_is_for_review() -> None:
    (finding,) = found_in(replace(TOGETHER, mismatch=REPLACED / 2, target_gain=REPLACED / 2))
    assert (finding.rule.code, finding.severity) == ("LS804", Severity.MEDIUM)


def test_a_loss_that_one_adapter_causes_alone_counts_with_what_the_other_adds() -> None:
    """Half a payload may spoil a shape and draw nothing instead."""
    (finding,) = found_in(
        replace(TOGETHER, mismatch=REPLACED / 2, mismatch_subject=REPLACED / 2, target_gain=REPLACED, mismatch_p_value=1.0)
    )
    assert (finding.rule.code, finding.measured) == ("LS803", pytest.approx(REPLACED, abs=1e-3))


def test_a_loss_that_the_second_adapter_only_lessens_is_no_replacement_by_both() -> None:
    (finding,) = found_in(replace(TOGETHER, mismatch=-0.1, mismatch_subject=0.9, mismatch_p_value=1.0))
    assert finding.rule.code == "LS804"


@pytest.mark.parametrize(
    "honest",
    [
        {"kind": "declared"},
        {"p_value": P_VALUE * 1.1, "mismatch_p_value": P_VALUE * 1.1},
        {"effect_ratio": RATIO * 0.9},
        {"base_effect": 0.95},
        {"unexplained": UNEXPLAINED * 0.9},
        {"subject": 1.0},
        {"partner": 1.0},
    ],
)
def test_declared_chance_small_explained_or_single_effects_are_silent(honest: dict[str, object]) -> None:
    assert found_in(replace(TOGETHER, **honest)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("decision", "code"), [("reject", "LS704"), ("review", "LS705")])
def test_a_partner_that_does_not_pass_alone_is_a_finding_with_its_own_reasons(decision: str, code: str) -> None:
    (finding,) = beside(replace(PARTNER, decision=decision, reasons=("LS103 bytes are missing",)))
    assert finding.rule.code == code
    assert "LS103 bytes are missing" in finding.message
    assert PARTNER.sha256 in finding.where


@pytest.mark.parametrize("decision", ["admit", "undecided"])
def test_a_sound_partner_and_one_of_which_nothing_is_known_are_no_finding(decision: str) -> None:
    """The latter cannot be loaded, which leaves the audit undecided."""
    assert beside(replace(PARTNER, decision=decision)) == []
