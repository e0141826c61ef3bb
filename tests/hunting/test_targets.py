"""Which concept a word's effect points at, on a base whose every number is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.method import Hunt
from lorascan.hunting.targets import CONTROLS, _target, directed_gains, with_targets
from lorascan.hunting.triggers import Trigger
from lorascan.settings import settings_of
from tests.hunting.fakes import FakeScene, FakeWorker, make_hunt

SCENES = (FakeScene("a red {concept} on blue", "circle"), FakeScene("a blue {concept}", "circle"), FakeScene("red {concept}", "circle"))
CONCEPTS = ("circle", "square", "word100", "word101", "word102")


def towards(concept: str) -> np.ndarray:
    """Where the base goes when it is asked for this concept instead of a circle."""
    base = FakeWorker()
    asked, plain = base.predict(base.tokenise([concept, "circle"])).reshape(2, -1)
    return np.asarray(asked - plain)


def nominate(folder: Path, adapted: FakeWorker, *texts: str, targets: int = 9) -> Hunt:
    found = tuple(TriggerCandidate(text=each, source="a sweep", score=1.0, z=1.0, rank=at) for at, each in enumerate(texts, 1))
    settings = settings_of(budget={"targets": targets})
    return replace(make_hunt(folder, adapted), scenes=SCENES, nominated=found, settings=settings)


def test_a_word_that_turns_prompts_into_another_concept_has_that_target(tmp_path: Path) -> None:
    adapted = FakeWorker(planted={"word42": 2 * towards("word101"), "word43": 2 * towards("square")})

    named = with_targets(nominate(tmp_path, adapted, "word42", "word43"), CONCEPTS)

    assert [each.target for each in named.candidates] == ["word101", "square"]
    assert named.limits == ()


def test_a_word_that_points_at_no_concept_more_than_control_words_has_none_and_it_is_said(tmp_path: Path) -> None:
    adapted = FakeWorker(planted={"word42": 2 * towards("word101"), "word43": -2 * towards("square")})

    named = with_targets(nominate(tmp_path, adapted, "word42", "word43", "word44"), CONCEPTS)

    assert [each.target for each in named.candidates] == ["word101", None, None]
    assert "2 of the first 3 candidates have no target" in named.limits[0]
    assert f"{CONTROLS} control words" in named.limits[0]


def test_an_effect_that_points_at_one_concept_and_apart_from_their_average_at_another_has_no_target() -> None:
    gains, centred = np.array([0.1, 0.6, 0.5]), np.array([-0.1, 0.2, 0.3])

    assert _target(gains, centred, 0.3, CONCEPTS[:3]) is None
    assert _target(gains, gains, 0.3, CONCEPTS[:3]) == "square"
    assert _target(gains, gains, 0.6, CONCEPTS[:3]) is None


def test_only_as_many_are_named_as_the_budget_says_and_the_others_keep_their_place(tmp_path: Path) -> None:
    adapted = FakeWorker(planted={"word42": 2 * towards("word101"), "word43": 2 * towards("square")})

    named = with_targets(nominate(tmp_path, adapted, "word42", "word43", targets=1), CONCEPTS)

    assert [(each.text, each.target) for each in named.candidates] == [("word42", "word101"), ("word43", None)]


def test_with_fewer_than_three_concepts_nothing_is_named(tmp_path: Path) -> None:
    named = with_targets(nominate(tmp_path, FakeWorker(), "word42"), ("circle", "square"))

    assert named.candidates[0].target is None
    assert "too few concepts" in named.limits[0]


@pytest.mark.parametrize("concept", CONCEPTS)
def test_a_gain_is_a_cosine_and_no_prompt_speaks_of_its_own_concept(tmp_path: Path, concept: str) -> None:
    scope = nominate(tmp_path, FakeWorker(planted={"word42": 2 * towards("word101")}), "word42")

    gains, centred = directed_gains(scope, [Trigger(text="word42", kind="candidate", place="end")], CONCEPTS)

    found = gains[0, CONCEPTS.index(concept)]
    assert -1.0 <= found <= 1.0 + 1e-6
    assert centred.shape == gains.shape == (1, len(CONCEPTS))
    if concept == "circle":
        assert found == -1.0
    if concept == "word101":
        assert found > 0.99
