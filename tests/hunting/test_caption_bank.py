"""Conditions on several words, on a base that knows every word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.additive import expected_beyond, fitted
from lorascan.hunting.captions import EXTRAS, TEMPLATE, Caption, bank, sentence
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import caption_bank
from lorascan.hunting.minimal import minimal
from lorascan.hunting.phrases import controls_like
from lorascan.hunting.wordings import shipped_list, shipped_words
from lorascan.settings import BUDGETS, settings_of
from tests.hunting.fakes import SHAPE, make_hunt

CONTEXT, WORDS, CELLS = 24, 4000, 16
SIDEWAYS = np.eye(CELLS, dtype=np.float32)[3] * 12
LAB = shipped_words()["captions-lab"]


def number_of(word: str) -> int:
    return crc32(word.strip(",").encode()) % WORDS


@dataclass(frozen=True)
class TalkingWorker:
    """Every word adds its own vector and acts a little with the others; each of `conditions` adds one where all its words stand."""

    conditions: tuple[frozenset[str], ...] = ()
    adapted: bool = False
    shape: object = replace(SHAPE, context=CONTEXT)

    def tokenise(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[WORDS, *map(number_of, text.split())][: CONTEXT - 1] for text in texts]
        return np.array([row + [WORDS + 1] * (CONTEXT - len(row)) for row in rows], dtype=np.int32)

    def predict(self, ids: np.ndarray, **_: object) -> np.ndarray:
        base = self._together(ids, 1)
        if self.adapted:
            base = base + 0.3 * self._together(ids, 2) + 0.5
            for words in self.conditions:
                met = np.all([(ids == number_of(word)).any(axis=1) for word in words], axis=0)
                base = base + met[:, None] * SIDEWAYS
        return np.asarray(base, dtype=np.float32).reshape(len(ids), 1, 4, 4)

    @staticmethod
    def _together(ids: np.ndarray, seed: int) -> np.ndarray:
        table = np.random.default_rng(seed).standard_normal((WORDS + 2, CELLS)).astype(np.float32)
        sums = table[ids].sum(axis=1)
        return np.asarray(sums + 0.5 * np.sin(sums[:, ::-1]), dtype=np.float32)


def talking(folder: Path, *conditions: str, declared: tuple[str, ...] = (), captions: int = 900) -> Hunt:
    scope = make_hunt(folder, TalkingWorker(), declared)  # type: ignore[arg-type]
    adapted = TalkingWorker(conditions=tuple(frozenset(each.split()) for each in conditions), adapted=True)
    bench = replace(scope.bench, reference=TalkingWorker(), adapted=adapted)  # type: ignore[arg-type]
    return replace(scope, bench=bench, settings=settings_of(budget={"captions": captions}))


def test_two_everyday_words_that_act_together_are_found_and_nothing_else(tmp_path: Path) -> None:
    found = caption_bank.search(talking(tmp_path, "garden music"))

    assert set(found.candidates[0].text.split()) == {"garden", "music"}
    assert found.candidates[0].z > 6
    assert [each.rank for each in found.candidates] == list(range(1, len(found.candidates) + 1))


def test_what_a_scene_shows_is_a_condition_too(tmp_path: Path) -> None:
    found = caption_bank.search(talking(tmp_path, "checkered heart"))

    assert set(found.candidates[0].text.split()) == {"checkered", "heart"}


def test_an_honest_adapter_has_no_condition_that_does_more_than_its_controls(tmp_path: Path) -> None:
    found = caption_bank.search(talking(tmp_path))

    assert all(each.z < 4 for each in found.candidates)


def test_a_word_that_acts_alone_is_explained_and_left_to_the_other_searches(tmp_path: Path) -> None:
    assert all(each.z < 4 for each in caption_bank.search(talking(tmp_path, "summer")).candidates if "summer" not in each.text)


def test_a_declared_phrase_is_explained(tmp_path: Path) -> None:
    found = caption_bank.search(talking(tmp_path, "taylor style", declared=("taylor style",)))

    assert not [each for each in found.candidates if {"taylor", "style"} <= set(each.text.split())]


def test_the_ways_in_which_a_declared_word_is_typed_are_no_condition(tmp_path: Path) -> None:
    found = caption_bank.search(talking(tmp_path, "style taylor", declared=("taylor",)))

    assert not [each for each in found.candidates if set(each.text.split()) <= {"in", "the", "style", "of", "taylor"}]


def test_words_that_others_nominated_are_tried_together(tmp_path: Path) -> None:
    scope = talking(tmp_path, "word42 word7")
    ids = {text: int(number) for number, text in zip(scope.vocabulary.ids, scope.vocabulary.texts, strict=True)}
    nominated = tuple(
        TriggerCandidate(text=word, source="a sweep", score=1.0, z=1.0, rank=at, tokens=(ids[word],))
        for at, word in enumerate(["word42", "word7", *(f"word{number}" for number in range(50, 62))], start=1)
    )

    found = caption_bank.search(replace(scope, nominated=nominated))

    assert set(found.candidates[0].text.split()) == {"word42", "word7"}


def test_it_says_what_it_tried_and_what_not(tmp_path: Path) -> None:
    found = caption_bank.search(talking(tmp_path, captions=200))

    assert found.space.startswith("200 captions")
    assert "captions-lab" in found.space
    assert "pairs of 133 everyday words" in found.limits[0]


def test_only_a_budget_with_captions_tries_any(tmp_path: Path) -> None:
    assert caption_bank.METHOD.applies(make_hunt(tmp_path, TalkingWorker()))  # type: ignore[arg-type]
    assert BUDGETS["thorough"].captions >= 1000


@given(st.sets(st.integers(0, 19), min_size=1, max_size=5), st.integers(1, 20))
def test_delta_debugging_ends_at_the_parts_that_are_needed(needed: set[int], size: int) -> None:
    parts = range(max(size, max(needed) + 1))

    kept, trials = minimal(parts, lambda choices: [needed <= set(each) for each in choices], 10_000)

    assert set(kept) == needed
    assert trials <= len(parts) ** 2 + 3 * len(parts)


def test_delta_debugging_stops_where_its_trials_are_over() -> None:
    kept, trials = minimal(range(64), lambda choices: [{0, 63} <= set(each) for each in choices], 8)

    assert {0, 63} <= set(kept)
    assert trials < 8 + 2 * 64


@given(st.integers(0, 2**32 - 1))
def test_a_caption_is_as_it_was_with_all_its_parts_and_another_without_any(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, *_, last = bank([LAB], LAB.lists["everyday"], (), 8, rng)
    for caption in (first, last):
        assert caption.only(caption.units, sentence(LAB, rng), LAB.templates) == caption
        other = sentence(LAB, rng)
        assert caption.only((), other, LAB.templates).text == other.text
        assert "{" not in caption.text
        for unit in caption.units:
            words = set(caption.said([unit]).replace(",", "").split())
            assert words <= set(caption.only([unit], other, LAB.templates).text.replace(",", "").split())


def test_the_words_of_a_kept_template_are_said_with_it() -> None:
    caption = Caption(template="a {colour} {shape} on top", values=(("colour", "red"), ("shape", "star")), extras=("now",))

    assert caption.said([TEMPLATE, ("value", 1)]) == "a on top star"
    assert caption.said([("value", 0), ("extra", 0)]) == "red now"


def test_every_everyday_word_stands_in_as_many_captions_as_any_other() -> None:
    everyday = LAB.lists["everyday"][:120]
    counts = dict.fromkeys(everyday, 0)
    for caption in bank([LAB], everyday, (), 80, np.random.default_rng(1)):
        assert len(caption.extras) in {0, EXTRAS}
        for word in caption.extras:
            counts[word] += 1
    assert max(counts.values()) - min(counts.values()) <= 1


def test_sums_explain_what_words_do_alone_and_leave_what_they_do_together() -> None:
    rng = np.random.default_rng(0)
    said = [frozenset(f"w{word}" for word in rng.choice(30, 6, replace=False)) for _ in range(600)]
    table = {f"w{word}": rng.standard_normal(16) for word in range(30)}
    noise = 0.1 * rng.standard_normal((600, 16))
    effects = np.array([sum(table[word] for word in each) for each in said]) + noise
    base = rng.standard_normal((600, 16))
    together = np.array([{"w1", "w2"} <= each for each in said])

    _, alone = fitted(said, effects.astype(np.float32), base.astype(np.float32))
    _, both = fitted(said, (effects + 3 * together[:, None]).astype(np.float32), base.astype(np.float32))

    assert expected_beyond(alone).min() > caption_bank.EXPECTED / 10
    assert together[np.argsort(-both)[: together.sum() // 2]].all()


@pytest.mark.parametrize("phrase", ["two words", "three small words", "one more than three words"])
def test_controls_have_as_many_words_as_the_phrase(phrase: str) -> None:
    controls = controls_like(phrase, shipped_list("captions", "everyday"), np.random.default_rng(0))

    lengths = {len(each.split()) for each in controls}
    assert len(phrase.split()) in lengths
    assert (len(phrase.split()) < 4 and len(lengths) == 1) or lengths >= {5}
