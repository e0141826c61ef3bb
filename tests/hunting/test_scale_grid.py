"""Words that act at other scales than 1, on a base whose every number is known."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import scale_grid
from lorascan.settings import BUDGETS, settings_of
from tests.hunting.fakes import FakeWorker, make_hunt
from tests.hunting.test_methods import ELSEWHERE, SIDEWAYS, TENSORS

SCALES = (-0.5, 0.5, 1.5)


@dataclass
class DosedWorker(FakeWorker):
    """What it plants grows with the scale; `asleep` acts from scale 1.3 on, `turned` below 0 alone."""

    asleep: dict[str, np.ndarray] = field(default_factory=dict)
    turned: dict[str, np.ndarray] = field(default_factory=dict)

    def predict(self, ids: np.ndarray, **asked: object) -> np.ndarray:
        scale = float(str(asked.get("scale", 1.0)))
        acting = dict(self.planted)
        if scale >= 1.3:
            acting |= self.asleep
        if scale < 0:
            acting |= self.turned
        planted = {word: scale * vector for word, vector in acting.items()}
        return FakeWorker(planted=planted, always=scale * self.always).predict(ids)


def grid(folder: Path, adapted: DosedWorker, declared: tuple[str, ...] = ()) -> Hunt:
    return replace(make_hunt(folder, adapted, declared), tensors=TENSORS, settings=settings_of(budget={"scales": SCALES}))


@pytest.mark.parametrize(("kind", "scale"), [("asleep", 1.5), ("turned", -0.5)])
def test_a_word_that_acts_at_another_scale_alone_is_ranked_first_with_that_scale(tmp_path: Path, kind: str, scale: float) -> None:
    worker = DosedWorker(planted={"word5": ELSEWHERE}, always=0.3, **{kind: {"word42": SIDEWAYS * 3}})  # type: ignore[arg-type]

    first, *_ = scale_grid.search(grid(tmp_path, worker)).candidates

    assert (first.text, first.scale) == ("word42", scale)


def test_a_word_that_acts_at_scale_1_is_left_to_the_other_searches(tmp_path: Path) -> None:
    always_awake = scale_grid.search(grid(tmp_path / "a", DosedWorker(planted={"word42": SIDEWAYS * 3}, always=0.3)))
    waking = scale_grid.search(grid(tmp_path / "b", DosedWorker(asleep={"word42": SIDEWAYS * 3}, always=0.3)))

    assert all(each.z < waking.candidates[0].z / 2 for each in always_awake.candidates)


def test_a_declared_word_explains_at_every_scale(tmp_path: Path) -> None:
    worker = DosedWorker(asleep={"word1": SIDEWAYS * 4, "word2": SIDEWAYS * 3, "word42": ELSEWHERE * 2}, always=0.3)

    assert scale_grid.search(grid(tmp_path, worker, declared=("word1",))).candidates[0].text == "word42"


def test_scales_are_searched_by_the_thorough_budget_alone_and_said(tmp_path: Path) -> None:
    assert scale_grid.METHOD.applies(make_hunt(tmp_path, FakeWorker()))
    assert set(BUDGETS["thorough"].scales) == {-0.5, 0.5, 1.5, 2.0}

    found = scale_grid.search(grid(tmp_path / "b", DosedWorker(asleep={"word42": SIDEWAYS})))
    assert "-0.5, 0.5, 1.5" in found.space
    assert "scale 1 alone" in found.limits[0]
