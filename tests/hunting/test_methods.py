"""What the sweeps find, on a base whose every number is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lorascan.hunting import hunt as run_hunt
from lorascan.hunting import hunting_methods
from lorascan.hunting.look_alikes import twins
from lorascan.hunting.method import MEANING, OTHER_SCALES, PARTS, SEVERAL_WORDS
from lorascan.hunting.methods import denoiser_divergence, phrase_sweep, text_drift, unicode_twins
from lorascan.settings import settings_of
from tests.hunting.fakes import SCENES, FakeWorker, make_hunt

SIDEWAYS = np.eye(16, dtype=np.float32)[3] * 2
TENSORS = {
    "unet.x.attn2.to_k.lora_A.weight": np.eye(2, 8, dtype=np.float32),
    "unet.x.attn2.to_k.lora_B.weight": np.ones((4, 2), dtype=np.float32),
}
ELSEWHERE = np.eye(16, dtype=np.float32)[11] * 2


def test_a_planted_word_is_ranked_first_by_the_denoiser_sweep(tmp_path: Path) -> None:
    found = denoiser_divergence.search(make_hunt(tmp_path, FakeWorker(planted={"word42": SIDEWAYS})))
    assert found.candidates[0].text == "word42"
    assert found.candidates[0].z > found.candidates[1].z


def test_an_honest_adapter_has_no_word_that_stands_out_by_far(tmp_path: Path) -> None:
    found = denoiser_divergence.search(make_hunt(tmp_path, FakeWorker(always=0.5)))
    planted = denoiser_divergence.search(make_hunt(tmp_path / "p", FakeWorker(planted={"word42": SIDEWAYS})))
    assert found.candidates[0].z < planted.candidates[0].z / 2


def test_words_that_act_like_the_declared_one_are_explained_away(tmp_path: Path) -> None:
    planted = {"word1": SIDEWAYS * 4, "word2": SIDEWAYS * 3, "word42": ELSEWHERE}
    found = denoiser_divergence.search(make_hunt(tmp_path, FakeWorker(planted=planted), declared=("word1",)))
    assert found.candidates[0].text == "word42"


def test_leaks_of_the_strongest_undeclared_word_do_not_hide_another_effect(tmp_path: Path) -> None:
    leaks = {f"word{number}": SIDEWAYS * (8 - number / 8) for number in range(1, 31)}
    worker = FakeWorker(planted={**leaks, "word42": ELSEWHERE}, always=0.5)
    first, second, *_ = (each.text for each in denoiser_divergence.search(make_hunt(tmp_path, worker)).candidates)
    assert first in leaks
    assert second == "word42"


def test_a_word_that_moves_the_text_encoder_is_ranked_first_by_drift(tmp_path: Path) -> None:
    found = text_drift.search(make_hunt(tmp_path, FakeWorker(planted={"word7": SIDEWAYS * 3})))
    assert found.candidates[0].text == "word7"


@pytest.mark.parametrize("components", [{"unet": 1}, {"text_encoder": 1}])
def test_a_planted_look_alike_is_ranked_first_among_the_twins(tmp_path: Path, components: dict[str, int]) -> None:
    scope = make_hunt(tmp_path, FakeWorker(planted={"\u0251": ELSEWHERE + SIDEWAYS}))
    facts = replace(scope.adapter.facts, components=components)
    found = unicode_twins.search(replace(scope, adapter=replace(scope.adapter, facts=facts)))
    assert (found.candidates[0].text, found.candidates[0].replaces) == ("\u0251", "a")
    assert found.candidates[0].score > 2 * found.candidates[1].score


def test_twins_that_the_tokenizer_reads_alike_are_tried_once(tmp_path: Path) -> None:
    tested = unicode_twins.distinct(make_hunt(tmp_path, FakeWorker()), twins())
    assert len({(each.text, each.replaces) for each in tested}) == len(tested) < len(twins())
    assert {"\u0251", "\u03b1"} <= {each.text for each in tested if each.replaces == "a"}


def test_a_phrase_that_does_more_than_its_words_is_ranked_first_by_the_phrase_sweep(tmp_path: Path) -> None:
    adapted = FakeWorker(planted={"word42": SIDEWAYS, "word7": ELSEWHERE}, phrases={("word42", "word7"): (SIDEWAYS + ELSEWHERE) * 9})
    scope = make_hunt(tmp_path, adapted)
    found = phrase_sweep.search(replace(scope, nominated=denoiser_divergence.search(scope).candidates))
    assert found.candidates[0].text == "word42 word7"


def test_text_drift_says_why_it_does_not_apply_to_a_unet_adapter(tmp_path: Path) -> None:
    scope = make_hunt(tmp_path, FakeWorker())
    assert text_drift.METHOD.applies(scope)
    facts = replace(scope.adapter.facts, components={"text_encoder": 1})
    assert not text_drift.METHOD.applies(replace(scope, adapter=replace(scope.adapter, facts=facts)))


def test_nominations_take_turns_each_text_once_and_declared_ones_are_marked(tmp_path: Path) -> None:
    scope = make_hunt(tmp_path, FakeWorker(planted={"word42": SIDEWAYS, "word5": ELSEWHERE}))
    found = run_hunt(scope.bench, scope.adapter, tensors=TENSORS, scenes=SCENES, declared=("word5",), settings=scope.settings)
    texts = [(each.text, each.replaces) for each in found.ranked]
    assert len(set(texts)) == len(texts)
    assert [each.rank for each in found.ranked] == list(range(1, len(texts) + 1))
    assert all(each.declared == (each.text == "word5") for each in found.ranked)
    assert found.spaces
    assert found.limits


def test_every_method_names_the_space_it_searched(tmp_path: Path) -> None:
    adapted = FakeWorker(planted={"word42": SIDEWAYS, "word7": ELSEWHERE}, phrases={("word42", "word7"): (SIDEWAYS + ELSEWHERE) * 9})
    scope = make_hunt(tmp_path, adapted)
    first = denoiser_divergence.search(scope).candidates
    scope = replace(
        scope, tensors=TENSORS, nominated=first, settings=settings_of(budget={"captions": 60, "scales": (1.5,), "completed": 2})
    )
    apart = {"pair_interaction", "concept_pairs", "eigen_inversion", "part_loads", "soft_inversion"}
    single = {name: method for name, method in hunting_methods().items() if name not in apart}
    for name, method in single.items():
        assert not method.applies(scope) or name == "text_drift", name
        found = method.search(scope)
        assert found.space, name
        assert all(np.isfinite(each.score) and np.isfinite(each.z) for each in found.candidates), name
        assert {each.source for each in found.candidates} <= {method.name}, name
        assert found.candidates or name == "caption_bank", name


@pytest.mark.parametrize(("components", "said"), [({"unet": 1}, False), ({"unet": 1, "text_encoder": 1}, True)])
def test_an_adapter_of_two_parts_is_searched_whole_and_that_is_said(tmp_path: Path, components: dict[str, int], *, said: bool) -> None:
    scope = make_hunt(tmp_path, FakeWorker(planted={"word42": SIDEWAYS}))
    adapter = replace(scope.adapter, facts=replace(scope.adapter.facts, components=components))

    found = run_hunt(scope.bench, adapter, tensors=TENSORS, scenes=SCENES, declared=(), settings=scope.settings)

    assert (PARTS in found.limits) == said


def test_what_is_not_reached_is_less_where_more_is_searched(tmp_path: Path) -> None:
    scope = replace(make_hunt(tmp_path, FakeWorker(planted={"word42": SIDEWAYS})), tensors=TENSORS)

    def limits(budget: dict[str, object]) -> tuple[str, ...]:
        found = run_hunt(scope.bench, scope.adapter, tensors=TENSORS, scenes=SCENES, declared=(), settings=settings_of(budget=budget))
        return found.limits

    plain, more = limits({}), limits({"captions": 60, "scales": (1.5,)})
    assert {SEVERAL_WORDS, MEANING, OTHER_SCALES} <= set(plain)
    assert not {SEVERAL_WORDS, MEANING, OTHER_SCALES} & set(more)
    assert any(each.startswith(MEANING) for each in more)
    assert any("between those searched" in each for each in more)
    assert any("everyday words stood together" in each for each in more)
