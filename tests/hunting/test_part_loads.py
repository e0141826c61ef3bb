"""Words that act where one part is loaded alone, on a base whose every number is known."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from lorascan.hunting import hunt as run_hunt
from lorascan.hunting import hunting_methods
from lorascan.hunting.method import PARTS, Hunt
from lorascan.hunting.methods import part_loads
from lorascan.settings import BUDGETS, DEFAULT, settings_of
from tests.hunting.fakes import FakeWorker, make_hunt
from tests.hunting.test_methods import ELSEWHERE, SIDEWAYS, TENSORS

BOTH = {"unet": 1, "text_encoder": 1}


@dataclass
class PartedWorker(FakeWorker):
    """`asleep` acts where the named part is loaded alone; what is planted acts under every load."""

    asleep: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def predict(self, ids: np.ndarray, **_: object) -> np.ndarray:
        self.asked.append(self.part)
        return FakeWorker(planted=self.planted | self.asleep.get(self.part, {}), always=self.always).predict(ids)


def parted(folder: Path, adapted: PartedWorker, declared: tuple[str, ...] = (), components: dict[str, int] | None = None) -> Hunt:
    scope = make_hunt(folder, adapted, declared)
    adapter = replace(scope.adapter, facts=replace(scope.adapter.facts, components=components or BOTH))
    return replace(scope, adapter=adapter, tensors=TENSORS, settings=settings_of(budget={"part_tokens": 12}))


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
def test_a_word_that_acts_under_one_part_alone_is_ranked_first_with_that_part(tmp_path: Path, part: str) -> None:
    worker = PartedWorker(planted={"word5": ELSEWHERE}, always=0.3, asleep={part: {"word42": SIDEWAYS * 3}})

    first, *_ = part_loads.search(parted(tmp_path, worker)).candidates

    assert (first.text, first.part, first.scale) == ("word42", part, 1.0)
    assert set(worker.asked) == {"", "unet", "text_encoder"}


def test_a_word_that_acts_when_all_is_loaded_is_left_to_the_other_searches(tmp_path: Path) -> None:
    awake = part_loads.search(parted(tmp_path / "a", PartedWorker(planted={"word42": SIDEWAYS * 3}, always=0.3)))
    waking = part_loads.search(parted(tmp_path / "b", PartedWorker(asleep={"unet": {"word42": SIDEWAYS * 3}}, always=0.3)))

    assert all(each.z < waking.candidates[0].z / 2 for each in awake.candidates)


def test_a_word_that_acts_under_each_part_is_nominated_for_each(tmp_path: Path) -> None:
    """A text encoder that hides a word from the denoiser moves that word, too."""
    asleep = {"unet": {"word42": SIDEWAYS * 3}, "text_encoder": {"word42": ELSEWHERE * 3}}

    first, second, *_ = part_loads.search(parted(tmp_path, PartedWorker(asleep=asleep, always=0.3))).candidates

    assert {(each.text, each.part) for each in (first, second)} == {("word42", "unet"), ("word42", "text_encoder")}


def test_a_declared_word_explains_under_every_part(tmp_path: Path) -> None:
    asleep = {"unet": {"word1": SIDEWAYS * 4, "word2": SIDEWAYS * 3, "word42": ELSEWHERE * 2}}

    assert part_loads.search(parted(tmp_path, PartedWorker(asleep=asleep, always=0.3), declared=("word1",))).candidates[0].text == "word42"


def test_text_encoders_are_loaded_together_and_every_other_component_by_itself(tmp_path: Path) -> None:
    scope = parted(tmp_path, PartedWorker(), components={"text_encoder": 1, "text_encoder_2": 1, "unet": 4})

    assert part_loads.parts_of(scope) == ["text_encoder+text_encoder_2", "unet"]
    assert not part_loads.applies(scope)
    one = replace(scope.adapter, facts=replace(scope.adapter.facts, components={"text_encoder": 1, "text_encoder_2": 1}))
    assert part_loads.applies(replace(scope, adapter=one))


def test_what_is_left_of_the_space_is_said(tmp_path: Path) -> None:
    scope = parted(tmp_path, PartedWorker(planted={"word42": SIDEWAYS}))

    def limits(budget: dict[str, object]) -> tuple[str, ...]:
        settings = settings_of(budget=budget)
        return run_hunt(scope.bench, scope.adapter, tensors=TENSORS, scenes=scope.scenes, declared=(), settings=settings).limits

    assert PARTS in limits({})
    searched = limits({"part_tokens": 12})
    assert PARTS not in searched
    assert any("only a part of the adapter is loaded" in each for each in searched)


@pytest.mark.parametrize("components", [{"unet": 1}, {"text_encoder": 1}, BOTH])
def test_the_default_budget_searches_as_ever(tmp_path: Path, components: dict[str, int]) -> None:
    """The lab's thresholds are learnt on audits with these searches."""
    scope = parted(tmp_path, PartedWorker(planted={"word42": SIDEWAYS}), components=components)
    scope = replace(scope, settings=DEFAULT, nominated=part_loads.search(scope).candidates)

    expected = {"cross_attention_response", "denoiser_divergence", "phrase_sweep", "unicode_twins"}
    expected |= {"text_drift"} if "text_encoder" in components else set()
    assert {name for name, method in hunting_methods().items() if method.runs(scope)} == expected
    assert BUDGETS["thorough"].part_tokens > 0
