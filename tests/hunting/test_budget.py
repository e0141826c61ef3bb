"""What a hunt does with the time that it is given."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from lorascan import hunting
from lorascan.core.behaviour import Candidates
from lorascan.core.errors import UsageError
from lorascan.hunting import _merged, hunting_methods, refined
from lorascan.hunting.contexts import Context, context_of
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import denoiser_divergence
from lorascan.hunting.triggers import Place, Scene
from lorascan.settings import BUDGETS, DEFAULT, Settings, budget_named, settings_of
from lorascan.worker.client import Worker
from tests.hunting.fakes import FakeWorker, make_hunt
from tests.hunting.test_methods import ELSEWHERE, SIDEWAYS, TENSORS


@pytest.fixture
def scope(tmp_path: Path) -> Hunt:
    return make_hunt(tmp_path, FakeWorker(planted={"word42": SIDEWAYS, "word5": ELSEWHERE}))


def hunted(scope: Hunt, settings: Settings) -> Candidates:
    return hunting.hunt(scope.bench, scope.adapter, tensors=TENSORS, scenes=scope.scenes, declared=(), settings=settings)


def a_second_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: Iterator[int] = count()
    monkeypatch.setattr(hunting, "monotonic", lambda: float(next(ticks)))


def test_without_an_end_nothing_is_left_out_and_the_order_of_search_changes_nothing(scope: Hunt) -> None:
    found = hunted(scope, DEFAULT)

    scope, lists = replace(scope, tensors=TENSORS), []
    for method in hunting_methods().values():
        if method.runs(scope):
            lists.append(method.search(scope).candidates)
            scope = replace(scope, nominated=tuple(_merged(lists, frozenset())))
    assert found.ranked == scope.nominated
    assert (found.left_out, found.budget) == ((), "default")


def test_the_most_worthy_methods_begin_while_there_is_time_and_the_others_are_named(scope: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    a_second_a_look(monkeypatch)

    found = hunted(scope, settings_of(budget=1.5))

    assert {each.source for each in found.ranked} == {"cross-attention response", "unicode twin"}
    assert [each.partition(":")[0] for each in found.left_out] == ["denoiser divergence", "phrase sweep"]
    assert set(found.left_out) <= set(found.limits)
    assert len(found.spaces) == 2
    assert found.budget == "default, 1.5 s to hunt"


def test_the_first_method_always_searches(scope: Hunt) -> None:
    found = hunted(scope, settings_of(budget=1e-9))

    assert found.ranked
    assert len(found.left_out) == 3


def test_what_has_nothing_to_search_is_not_left_out(scope: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    """This adapter leaves the text encoder alone: its drift is no space that time could have opened."""
    a_second_a_look(monkeypatch)

    assert not any("drift" in each for each in hunted(scope, settings_of(budget=0.5)).limits)


def test_a_method_that_feeds_on_the_others_searches_last() -> None:
    methods = hunting_methods()
    last = {name for name, each in methods.items() if each.worth == 0}
    assert last == {"phrase_sweep", "caption_bank", "scale_grid", "concept_pairs", "eigen_inversion", "part_loads", "soft_inversion"}
    assert all(each.worth >= 0 for each in methods.values())


def test_thorough_looks_at_more_of_everything_and_never_at_less() -> None:
    default, thorough = (BUDGETS[name].model_dump(exclude={"seconds"}) for name in ("default", "thorough"))

    assert all(thorough[name] >= default[name] for name in default)
    assert sum(thorough[name] > default[name] for name in default) >= 10


def test_the_best_of_the_sweep_are_scored_in_as_many_contexts_as_the_budget_says(scope: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[str] = []

    def noted(worker: Worker, scene: Scene, place: Place) -> Context:
        places.append(place)
        return context_of(worker, scene, place)

    monkeypatch.setattr(refined, "context_of", noted)
    many = replace(scope, scenes=scope.scenes * 3)

    denoiser_divergence.search(many)
    assert places == ["before", "end", "front"]
    places.clear()
    denoiser_divergence.search(replace(many, settings=settings_of(budget="thorough")))
    assert places == ["before", "end", "front"] * 3


def test_a_budget_is_known_by_its_name_its_seconds_or_its_counts() -> None:
    assert budget_named("default") == settings_of().budget
    assert settings_of(budget="thorough").budget.label == "thorough"
    assert settings_of(budget=90).budget.seconds == 90.0
    assert settings_of(budget={"contexts": 2}).budget.label == "custom"


@pytest.mark.parametrize("text", ["quick", "0", "-3", "nan", "inf", "1e9", "ten", ""])
def test_a_budget_that_makes_no_sense_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="budget"):
        budget_named(text)


def test_a_budget_that_the_caller_chose_stands_and_else_that_of_the_policy_counts() -> None:
    assert DEFAULT.with_budget("thorough").budget == BUDGETS["thorough"]
    assert settings_of(budget="default").with_budget("thorough").budget == BUDGETS["default"]
    assert np.isfinite(settings_of(budget="30").with_budget("thorough").budget.seconds or np.nan)
