"""Where soft tokens end is read as words, on a base whose every number is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import context_of
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import soft_inversion
from lorascan.settings import BUDGETS, settings_of
from tests.hunting.fakes import WORDS, FakeWorker, make_hunt
from tests.hunting.test_methods import ELSEWHERE, SIDEWAYS


def scope(folder: Path, adapted: FakeWorker, declared: tuple[str, ...] = ()) -> Hunt:
    return replace(make_hunt(folder, adapted, declared), settings=settings_of(budget={"soft_tokens": 6}))


def test_the_word_next_to_where_the_soft_tokens_end_is_ranked_first(tmp_path: Path) -> None:
    found = soft_inversion.search(scope(tmp_path, FakeWorker(planted={"word42": SIDEWAYS, "word5": ELSEWHERE / 4}, always=0.3)))

    assert found.candidates[0].text == "word42"
    assert "6 soft tokens" in found.space


def test_what_the_declared_words_do_is_left_out_of_the_climb_and_of_the_ranking(tmp_path: Path) -> None:
    worker = FakeWorker(planted={"word1": SIDEWAYS * 4, "word2": SIDEWAYS * 3, "word42": ELSEWHERE}, always=0.3)

    assert soft_inversion.search(scope(tmp_path, worker, declared=("word1",))).candidates[0].text == "word42"


def test_half_of_the_seeds_are_what_was_nominated_and_none_is_twice(tmp_path: Path) -> None:
    usual = [WORDS.index(word) for word in ("word1", "word2", "word3", "word4")]

    def candidate(token: int, **differing: object) -> TriggerCandidate:
        return TriggerCandidate(text=WORDS[token], source="a sweep", score=1.0, z=1.0, rank=1, tokens=(token,), **differing)  # type: ignore[arg-type]

    others = [candidate(49, declared=True), candidate(50, scale=1.5), candidate(51, part="unet"), candidate(52, replaces="a")]
    hunt = replace(scope(tmp_path, FakeWorker()), nominated=(*others, *(candidate(each) for each in (usual[0], *usual))))

    seeds = soft_inversion.seeds_of(hunt).tolist()

    assert seeds[:3] == usual[:3]
    assert len(seeds) == len(set(seeds)) == 6
    assert not {49, 50, 51, 52} & set(seeds[:3])


def test_what_is_left_out_of_the_climb_is_orthonormal_and_holds_what_the_declared_word_does(tmp_path: Path) -> None:
    hunt = scope(tmp_path, FakeWorker(planted={"word1": SIDEWAYS * 4}, always=0.3), declared=("word1",))
    context = context_of(hunt.bench.reference, hunt.scenes[0], "before")

    known = soft_inversion.explained(hunt, context, hunt.vocabulary.ids[20:60])

    for common, span in zip(known.common, known.span, strict=True):
        whole = span[np.linalg.norm(span, axis=1) > 0]
        assert np.allclose(whole @ whole.T, np.eye(len(whole)), atol=1e-4)
        own = SIDEWAYS * 4
        assert np.linalg.norm(own - (own @ span.T) @ span) < 0.05 * np.linalg.norm(own)
        assert np.linalg.norm(common - (common @ span.T) @ span) < 1e-3
    assert (known.floors > 0).all()


def test_only_the_thorough_budget_follows_gradients_and_only_on_a_unet_with_one_text_encoder(tmp_path: Path) -> None:
    assert BUDGETS["default"].soft_tokens == 0 < BUDGETS["thorough"].soft_tokens
    assert "budget" in soft_inversion.applies(make_hunt(tmp_path, FakeWorker()))

    hunt = scope(tmp_path / "b", FakeWorker())
    assert not soft_inversion.lacks(hunt)
    assert not soft_inversion.lacks(replace(hunt, bench=replace(hunt.bench, family="sd15")))
    assert "gradient" in soft_inversion.lacks(replace(hunt, bench=replace(hunt.bench, family="sdxl")))
