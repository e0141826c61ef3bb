"""What two adapters do only together, on a base whose every number is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lorascan.hunting import hunt as run_hunt
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import pair_interaction
from tests.hunting.fakes import SCENES, FakeWorker, make_hunt

SIDEWAYS = np.eye(16, dtype=np.float32)[3] * 2
ELSEWHERE = np.eye(16, dtype=np.float32)[11] * 2


def pair(folder: Path, both: FakeWorker, first: FakeWorker, second: FakeWorker, declared: tuple[str, ...] = ()) -> Hunt:
    scope = make_hunt(folder, both, declared)
    return replace(scope, bench=replace(scope.bench, alone=(first, second)))  # type: ignore[arg-type]  # workers that are tables


def test_a_word_that_acts_only_under_both_is_ranked_first_before_one_that_acts_alone(tmp_path: Path) -> None:
    """The second is ten times as strong and does nothing beyond what the first adapter does by itself."""
    alone = {"word7": ELSEWHERE * 10}
    scope = pair(tmp_path, FakeWorker(planted={**alone, "word42": SIDEWAYS}), FakeWorker(planted=alone), FakeWorker(always=0.1))
    found = pair_interaction.search(scope)
    assert found.candidates[0].text == "word42"
    assert "word7" not in [each.text for each in found.candidates[:5]]
    assert found.candidates[0].z > 2 * found.candidates[1].z


def test_two_adapters_that_only_add_up_have_no_word_that_stands_out(tmp_path: Path) -> None:
    first, second = {"word1": SIDEWAYS}, {"word2": ELSEWHERE}
    added = pair(tmp_path / "h", FakeWorker(planted={**first, **second}), FakeWorker(planted=first), FakeWorker(planted=second))
    hidden = pair(tmp_path / "p", FakeWorker(planted={"word42": SIDEWAYS}), FakeWorker(always=0.1), FakeWorker(always=0.1))
    honest, planted = (pair_interaction.search(each).candidates[0] for each in (added, hidden))
    assert honest.score < planted.score / 2


def test_what_declared_words_do_together_explains_words_that_do_the_same(tmp_path: Path) -> None:
    planted = {"word1": SIDEWAYS * 4, "word2": SIDEWAYS * 3, "word42": ELSEWHERE}
    scope = pair(tmp_path, FakeWorker(planted=planted), FakeWorker(always=0.1), FakeWorker(always=0.1), declared=("word1",))
    assert pair_interaction.search(scope).candidates[0].text == "word42"


def test_one_adapter_has_no_interaction_and_a_pair_searches_for_it_first(tmp_path: Path) -> None:
    one = make_hunt(tmp_path / "one", FakeWorker(planted={"word42": SIDEWAYS}))
    both = pair(tmp_path / "two", FakeWorker(planted={"word42": SIDEWAYS}), FakeWorker(always=0.1), FakeWorker(always=0.1))
    hurried = both.settings.model_copy(update={"budget": both.settings.budget.model_copy(update={"seconds": 1e-6})})
    assert not pair_interaction.METHOD.runs(one)
    found = run_hunt(both.bench, both.adapter, tensors={}, scenes=SCENES, declared=(), settings=hurried)
    assert found.ranked[0].source == "pair interaction"
    assert len(found.spaces) == 1
    assert any("denoiser divergence" in each for each in found.left_out)
