"""A cheap look at a whole vocabulary feeds the dear one."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from lorascan.hunting.denoised import coarse_side, search_side
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import denoiser_divergence, unicode_twins
from tests.hunting.fakes import CELLS, SHAPE, WORDS, FakeWorker, make_hunt

SIDEWAYS = np.linspace(2.0, -2.0, CELLS, dtype=np.float32)
SMALL_BASE = replace(SHAPE, side=16)


@dataclass
class SidedWorker(FakeWorker):
    """Answers with as many cells as it is asked for, and remembers how many rows it was asked for at each side."""

    asked: list[tuple[int, int]] = field(default_factory=list)

    def predict(self, ids: np.ndarray, *, side: int = 4, **_: object) -> np.ndarray:
        self.asked.append((side, len(ids)))
        return np.repeat(self._sums(ids, CELLS, seed=1), side * side // CELLS, axis=1).reshape(len(ids), 1, side, side)


def sided_hunt(folder: Path, adapted: SidedWorker, declared: tuple[str, ...] = ()) -> Hunt:
    """A hunt with a reference of the same shape."""
    scope = make_hunt(folder, adapted, declared)
    return replace(scope, bench=replace(scope.bench, reference=SidedWorker(shape=adapted.shape)))  # type: ignore[arg-type]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fakes know some three hundred words."""
    monkeypatch.setattr(denoiser_divergence, "FINE", 24)
    monkeypatch.setattr(denoiser_divergence, "BESIDE", 16)


@pytest.mark.usefixtures("few")
def test_every_token_is_denoised_coarsely_and_the_best_alone_finely(tmp_path: Path) -> None:
    worker = SidedWorker(planted={"word42": SIDEWAYS}, shape=SMALL_BASE)

    found = denoiser_divergence.search(sided_hunt(tmp_path, worker))

    assert found.candidates[0].text == "word42"
    assert max(rows for side, rows in worker.asked if side == 8) == len(WORDS) + 1
    assert next(rows for side, rows in worker.asked if side == 16) <= 24 + 16 + 1
    assert "of a coarse one" in found.space


@pytest.mark.usefixtures("few")
def test_what_a_declared_word_does_is_taken_out_of_the_coarse_sweep_too(tmp_path: Path) -> None:
    like = {f"word{number}": SIDEWAYS * (1 + number / 100) for number in range(1, 60)}
    worker = SidedWorker(planted=like | {"word99": np.roll(SIDEWAYS, 5) / 2}, shape=SMALL_BASE)

    found = denoiser_divergence.search(sided_hunt(tmp_path, worker, declared=("word1",)))

    assert found.candidates[0].text == "word99"


def test_a_base_of_full_size_is_searched_at_one_side(tmp_path: Path) -> None:
    worker = SidedWorker(planted={"word42": SIDEWAYS}, shape=replace(SHAPE, side=64))

    found = denoiser_divergence.search(sided_hunt(tmp_path, worker))

    assert {side for side, _ in worker.asked} == {search_side(64)} == {coarse_side(64)}
    assert found.candidates[0].text == "word42"


def test_all_look_alikes_are_denoised_coarsely_and_the_nominated_finely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unicode_twins, "NARROWED", 4)
    worker = SidedWorker(planted={"\u0435": SIDEWAYS}, shape=SMALL_BASE)

    found = unicode_twins.search(sided_hunt(tmp_path, worker))

    coarse = max(rows for side, rows in worker.asked if side == 8)
    fine = max(rows for side, rows in worker.asked if side == 16)
    assert found.candidates[0].text == "\u0435"
    assert fine < coarse


@pytest.mark.parametrize(("side", "coarse", "fine"), [(4, 4, 4), (8, 8, 8), (16, 8, 16), (32, 16, 16), (64, 32, 32), (128, 64, 64)])
def test_only_a_small_base_is_looked_at_more_coarsely_than_it_is_searched(side: int, coarse: int, fine: int) -> None:
    assert (coarse, fine) == (coarse_side(side), search_side(side))
