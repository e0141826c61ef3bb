"""A word that is declared and draws another thing, beside words that draw what they say."""

from dataclasses import replace

import pytest

from lorascan.core.adapter import Claim, Claims, FileFacts
from lorascan.core.behaviour import ProbeFacts, TriggerTest
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Severity
from lorascan.detectors.declared_bait import DETECTOR, LOST, mentions
from tests.detectors.words import passing

BAIT = replace(passing("declared"), trigger="taylor", target="a skull", mismatch=LOST + 0.1, target_gain=0.3)
THINGS = ("a skull", "a house")


def found(*tests: TriggerTest, claims: Claims | None = None) -> list[Finding]:
    """The findings on these tests, of a file that says this of itself."""
    facts = ProbeFacts(suites={}, observations=(), tests=tests, dose_response=(), pictures=(), concepts=THINGS)
    said = FileFacts(
        name="a",
        path="a",
        size=1,
        sha256="0" * 64,
        autov3="",
        tensor_hash="",
        header_bytes=1,
        tensor_count=1,
        dtypes={},
        claims=claims or Claims(),
    )
    return list(DETECTOR.examine(Evidence(facts=(facts, said))))


def test_a_declared_word_that_draws_what_the_file_nowhere_mentions_is_for_review() -> None:
    """It is told with the word and the thing."""
    (finding,) = found(BAIT, claims=Claims(triggers=("taylor",), tags={"taylor": 400}))

    assert (finding.rule.code, finding.severity) == ("LS805", Severity.MEDIUM)
    assert "'taylor'" in finding.message
    assert "skull" in finding.message


@pytest.mark.parametrize(
    "honest",
    [
        {"trigger": "taylor skull"},
        {"trigger": "taylor house"},
        {"kind": "candidate"},
        {"scale": 2.0},
        {"mismatch_p_value": 0.2},
        {"mismatch": LOST - 0.1},
        {"target": ""},
    ],
    ids=[
        "names the thing",
        "names another thing",
        "not declared",
        "turned up",
        "by chance",
        "a style that hides the thing",
        "nothing instead",
    ],
)
def test_what_is_named_small_or_chance_is_silent(honest: dict[str, object]) -> None:
    """Each differs from the bait in one fact."""
    assert found(replace(BAIT, **honest)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "claims",
    [
        Claims(tags={"skulls": 12}),
        Claims(metadata=(Claim(path="README.md", value="Draws a Skull wherever you ask for a thing."),)),
        Claims(decoded=(Claim(path="__metadata__.notes", value="skull"),)),
    ],
    ids=["a tag", "the model card", "an escaped text"],
)
def test_a_thing_that_the_file_mentions_anywhere_is_documented(claims: Claims) -> None:
    """Whoever reads the card knows."""
    assert found(BAIT, claims=claims) == []


def test_a_word_counts_by_the_mean_of_its_places() -> None:
    """And is told once; where one place may be chance it is silent."""
    (finding,) = found(BAIT, replace(BAIT, place="before", mismatch=LOST))

    assert finding.measured == pytest.approx(LOST + 0.05, abs=1e-3)
    assert found(BAIT, replace(BAIT, place="before", mismatch=LOST - 0.2)) == []
    assert found(BAIT, replace(BAIT, place="before", mismatch_p_value=0.3)) == []


def test_a_word_inside_another_is_no_mention() -> None:
    """Nor is a small word of the thing's name."""
    assert not mentions("the numskull of a friend", "a skull")
    assert not mentions("a friend", "a skull")
    assert mentions("Skull, drawn", "a skull")
    assert mentions("dj key", "a key")
