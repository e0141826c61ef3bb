"""The parts that the methods share."""

import string
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting import _merged
from lorascan.hunting.contexts import context_of
from lorascan.hunting.declared import declared_words, is_declared
from lorascan.hunting.effects import relative, robust_z, unexplained
from lorascan.hunting.look_alikes import INVISIBLE, look_alikes, twins
from lorascan.hunting.peeling import Effects, combined, peeled
from lorascan.hunting.triggers import Trigger
from lorascan.hunting.vocabulary import read_vocabulary
from tests.hunting.fakes import SCENES, WORDS, FakeWorker, write_vocabulary


def test_the_vocabulary_is_what_a_user_types_without_control_tokens(tmp_path: Path) -> None:
    vocabulary = read_vocabulary(write_vocabulary(tmp_path))
    assert list(vocabulary.texts) == WORDS
    assert vocabulary.whole.all()


@pytest.mark.parametrize("place", ["end", "before", "front"])
def test_a_filled_context_holds_the_ids_of_the_typed_prompt(place: str) -> None:
    worker, scene = FakeWorker(), SCENES[0]
    context = context_of(worker, scene, place)  # type: ignore[arg-type]
    typed = Trigger(text="word9", kind="candidate", place=place).typed(scene)  # type: ignore[arg-type]
    filled = context.filled(np.array([WORDS.index("word9")], dtype=np.int32))
    assert filled.tolist() == worker.tokenise([typed]).tolist()


def test_a_twin_replaces_its_letter_once_and_a_word_goes_to_its_place() -> None:
    scene = SCENES[0]
    assert Trigger(text="о", kind="candidate", replaces="o").typed(scene) == "a red circle оn blue"
    assert Trigger(text="x", kind="candidate", place="before").typed(scene) == "a red x circle on blue"
    assert Trigger(text="x", kind="candidate", place="front").typed(scene) == "x a red circle on blue"


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_what_is_left_is_orthogonal_to_everything_explained(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    effects = rng.standard_normal((40, 12)).astype(np.float32)
    explained = rng.standard_normal((count, 12)).astype(np.float32)
    left = unexplained(effects, explained)
    common = effects.mean(axis=0)
    for direction in (common, *(explained - common)):
        assert np.abs(left @ direction).max() < 1e-3


def test_robust_z_is_not_moved_by_one_outlier() -> None:
    rng = np.random.default_rng(0)
    values = np.exp(rng.standard_normal(1000))
    plain = robust_z(values)
    values[3] = 1e9
    moved = robust_z(values)
    assert moved[3] > 15
    assert np.abs(np.delete(moved - plain, 3)).max() < 0.05


def test_declared_words_are_folded_and_a_look_alike_is_none_of_them() -> None:
    words = declared_words(["Fts Ghost", "mum, dad"])
    assert is_declared("fts", words)
    assert is_declared(" GHOST ", words)
    assert is_declared("mum", words)
    assert not is_declared("ghоst", words)
    assert not is_declared("skull", words)


def test_every_twin_is_another_character_than_the_one_it_imitates() -> None:
    for letter, twins_of_it in look_alikes().items():
        assert letter not in twins_of_it
        assert len(set(twins_of_it)) == len(twins_of_it)
    assert len({(each.text, each.replaces) for each in twins()}) == len(twins())
    assert "\u200b" in INVISIBLE


def test_every_character_whose_compatibility_form_is_a_letter_is_among_its_twins() -> None:
    """Fullwidth, circled, mathematical, raised and lowered letters, whatever Unicode this Python knows."""
    folded = {chr(point): unicodedata.normalize("NFKC", chr(point)) for point in range(128, 0x20000)}
    letters = {twin: plain.lower() for twin, plain in folded.items() if len(plain) == 1 and plain in string.ascii_letters}
    assert [twin for twin, letter in letters.items() if twin not in look_alikes()[letter]] == []


@pytest.mark.parametrize("twin", ["\u0430", "\u0435", "\u03bf", "\u1d0f", "\u0585", "\u10ff", "\u237a"])
def test_look_alikes_of_other_scripts_are_among_the_twins(twin: str) -> None:
    assert any(twin in each for each in look_alikes().values())


def listed(source: str, z: list[float]) -> list[TriggerCandidate]:
    return [TriggerCandidate(text=f"{source}{at}", source=source, score=each, z=each, rank=at) for at, each in enumerate(z, start=1)]


def test_what_stands_out_of_its_own_methods_list_comes_before_the_noise_of_another() -> None:
    high_noise, found = listed("a", [9.0, 8.9, 8.8, 8.7]), listed("b", [4.0, 3.5, 0.5, 0.4])
    assert [each.text for each in _merged([high_noise, found], frozenset())][:3] == ["b1", "a1", "b2"]


def test_every_methods_best_comes_before_any_methods_second() -> None:
    lists = [listed("a", [9.0, 8.0, 7.0, 0.0]), listed("b", [0.2, 0.1]), listed("c", [0.1])]
    merged = list(_merged(lists, frozenset(["a1"])))
    assert {each.text for each in merged[:3]} == {"a1", "b1", "c1"}
    assert [each.rank for each in merged] == list(range(1, 8))
    assert [each.text for each in merged if each.declared] == ["a1"]


def test_a_word_is_scored_by_what_it_does_beyond_its_meaning() -> None:
    moved, meaning = np.array([1.0, 9.0, 9.0]), np.array([1.0, 1.0, 9.0])
    scores = relative(moved, meaning, floor=0.5)
    assert scores[1] > 3 * scores[2] > 3 * scores[0] / 2
    assert np.isfinite(relative(np.zeros(3), np.zeros(3), floor=0.5)).all()


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_peeled_effects_are_independent_and_each_text_is_listed_once(rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    contexts = [Effects(left=rng.standard_normal((9, 5)).astype(np.float32), meaning=np.ones(9)) for _ in range(2)]

    order, scores = peeled(contexts, [1.0, 1.0], rounds)

    assert sorted(order) == list(range(9))
    assert order[0] == int(np.argmax(combined([each.scores() for each in contexts], [1.0, 1.0])))
    for each in contexts:
        left = each
        for at in order[:rounds]:
            left = left.without(at)
        assert np.abs(left.left[order[:rounds]]).max() < 1e-4
    assert (scores > 0).all()
