"""Nominated words completed to everyday phrases."""

from dataclasses import replace
from pathlib import Path

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import concept_pairs
from lorascan.settings import BUDGETS, settings_of
from tests.hunting.fakes import FakeWorker, make_hunt
from tests.hunting.test_caption_bank import talking


def suspecting(folder: Path, *conditions: str) -> Hunt:
    """The word "word42" is nominated, and others after it."""
    scope = talking(folder, *conditions)
    ids = {text: int(number) for number, text in zip(scope.vocabulary.ids, scope.vocabulary.texts, strict=True)}
    nominated = tuple(
        TriggerCandidate(text=word, source="a sweep", score=1.0, z=1.0, rank=at, tokens=(ids[word],))
        for at, word in enumerate(["word7", "word42", "word99"], start=1)
    )
    return replace(scope, nominated=nominated, settings=settings_of(budget={"completed": 3}))


def test_the_phrase_of_a_nominated_word_and_an_everyday_one_is_ranked_first(tmp_path: Path) -> None:
    assert concept_pairs.search(suspecting(tmp_path / "a", "shiny word42")).candidates[0].text == "shiny word42"
    assert concept_pairs.search(suspecting(tmp_path / "b", "word42 bridge")).candidates[0].text == "word42 bridge"


def test_a_word_that_acts_alone_makes_no_phrase_stand_out(tmp_path: Path) -> None:
    alone = concept_pairs.search(suspecting(tmp_path / "a", "word42"))
    together = concept_pairs.search(suspecting(tmp_path / "b", "shiny word42"))

    assert all(each.score < together.candidates[0].score / 2 for each in alone.candidates)


def test_only_the_thorough_budget_completes_words_and_only_nominated_ones(tmp_path: Path) -> None:
    assert not BUDGETS["default"].completed
    scope = make_hunt(tmp_path, FakeWorker())
    assert "budget" in concept_pairs.METHOD.applies(scope)
    assert "nominated" in concept_pairs.METHOD.applies(replace(scope, settings=settings_of(budget={"completed": 3})))
