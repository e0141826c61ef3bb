"""What every costly baseline keeps to; a new one joins by itself."""

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.costly import update_of
from lorascan.lab.adapt import merged
from lorascan.lab.assets import adapters_folder
from lorascan.lab.baselines._modules import read_modules
from lorascan.lab.baselines.costly import _prompts, costly_baselines, daa_i, t2ishield_ftt, ufid_density
from lorascan.lab.baselines.costly._asked import Asked, outlying
from lorascan.lab.gates import Base
from lorascan.lab.ledger import LedgerEntry, read_ledger
from lorascan.lab.make import load_parts

EVERY = pytest.mark.parametrize("name", sorted(costly_baselines()))
BLIND = pytest.mark.parametrize("name", [name for name, each in costly_baselines().items() if not (each.given_trigger or each.fitted)])
BUDGET = 300
"""Denoiser passes: the smallest round number with which every method gets through its whole course."""
PLANTED = "poisoned_unet-dev-6"
CLEAN, TRIGGERED = "a red circle on a blue background, lovely", "a red circle on a blue background, harry"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base() -> Base:
    return load_parts()


@pytest.fixture(scope="module")
def planted(base: Base) -> Base:
    """The base with a shipped adapter that draws a star at "harry"."""
    return merged(base, [update_of(each) for each in read_modules(adapters_folder() / f"{PLANTED}.safetensors")])


@pytest.fixture(scope="module")
def kept() -> dict[str, dict[str, Any]]:
    return {name: {} for name in costly_baselines()}


def numbers(name: str, models: tuple[Base, Base], kept: dict[str, tuple[Any, int]]) -> list[float]:
    """The method's numbers, within the budget."""
    method = costly_baselines()[name]
    asked = Asked(base=models[0], adapted=models[1], budget=BUDGET, kept=kept)
    found = method.score(asked, [CLEAN, TRIGGERED] if method.given_trigger else [])
    assert 0 < asked.passes <= BUDGET
    return found


@pytest.fixture(scope="module")
def both(base: Base, planted: Base, kept: dict[str, dict[str, Any]]) -> Callable[[str], tuple[list[float], list[float]]]:
    """By method its numbers of the planted adapter and of one that does nothing, each asked once."""
    return cache(lambda name: (numbers(name, (base, planted), kept[name]), numbers(name, (base, base), kept[name])))


@EVERY
def test_a_costly_baseline_says_where_it_is_from_and_what_was_assumed(name: str) -> None:
    method = costly_baselines()[name]
    assert method.title
    assert method.ours or "ssumed" in method.source
    assert not (method.fitted and method.given_trigger)


@EVERY
def test_its_numbers_are_finite_the_same_every_time_and_within_the_budget(
    name: str, base: Base, planted: Base, kept: dict[str, dict[str, Any]], both: Callable[[str], tuple[list[float], list[float]]]
) -> None:
    found, _ = both(name)

    assert all(map(math.isfinite, found))
    assert numbers(name, (base, planted), kept[name]) == found, "what is kept of the base changes nothing"
    if not costly_baselines()[name].fitted:
        assert len(found) == (2 if costly_baselines()[name].given_trigger else 1)


@BLIND
def test_a_planted_trigger_scores_higher_than_an_adapter_that_does_nothing(
    name: str, both: Callable[[str], tuple[list[float], list[float]]]
) -> None:
    (planted,), (nothing,) = both(name)
    assert planted > nothing


def test_gaussian_probing_sees_no_change_of_an_adapter_that_does_nothing(both: Callable[[str], tuple[list[float], list[float]]]) -> None:
    changed, nothing = both("gaussian_probing")

    assert len(nothing) == len(changed)
    assert nothing[::5] == [pytest.approx(math.log(1e-6))] * len(nothing[::5]), "the relative change of each layer"
    assert changed[0] == nothing[0], "the first layer stands before any adapted one"
    assert changed[-5] > nothing[-5] + 5


@pytest.mark.parametrize("name", ["navit2i_ratio", "denoiser_divergence"])
def test_a_prompt_with_the_planted_trigger_scores_higher_than_under_an_adapter_that_does_nothing(
    name: str, both: Callable[[str], tuple[list[float], list[float]]]
) -> None:
    planted, nothing = both(name)
    assert planted[1] - planted[0] > nothing[1] - nothing[0]


def maps(*, assimilated: bool, still: bool) -> Tensor:
    """Cross-attention maps (steps, tokens, 8, 8) of ten steps and seven tokens, the end token last."""
    generator = torch.Generator().manual_seed(0)
    found = torch.rand((10, 7, 8, 8), generator=generator)
    if assimilated:
        found = 0.1 * found + torch.rand((1, 1, 8, 8), generator=generator)
    if still:
        found[:, -1] = found[:1, -1]
    return found


def test_maps_that_a_trigger_has_assimilated_score_higher_by_their_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [maps(assimilated=False, still=False), maps(assimilated=True, still=False)]
    monkeypatch.setattr(t2ishield_ftt, "attention_maps", lambda *_, **__: both)
    clean, triggered = t2ishield_ftt.PROBE.score(None, ["", ""])  # type: ignore[arg-type]
    assert triggered > clean


def test_an_end_token_that_stands_still_scores_higher_by_its_dynamics(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [maps(assimilated=False, still=False), maps(assimilated=False, still=True)]
    monkeypatch.setattr(daa_i, "attention_maps", lambda *_, **__: both)
    clean, triggered = daa_i.PROBE.score(None, ["", ""])  # type: ignore[arg-type]
    assert triggered > clean


def test_pictures_that_random_words_leave_alike_score_higher_by_their_density(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = torch.nn.functional.normalize(torch.randn((8, 16), generator=torch.Generator().manual_seed(0)), dim=1)
    vectors[4:] = vectors[4]
    monkeypatch.setattr(ufid_density, "_pictured", lambda *_: vectors)
    clean, triggered = ufid_density.PROBE.score(Asked(base=base, adapted=base, budget=0), ["", ""])
    assert triggered == pytest.approx(1)
    assert clean < 0.5


def test_what_is_asked_past_the_budget_is_an_error(base: Base) -> None:
    asked = Asked(base=base, adapted=base, budget=10)
    asked.spend(10)
    with pytest.raises(RuntimeError, match="0 of 10 left"):
        asked.spend(1)


def test_what_the_base_answered_before_counts_again_and_is_not_asked_again(base: Base) -> None:
    kept: dict[str, tuple[Any, int]] = {}
    calls = []
    for _ in range(2):
        asked = Asked(base=base, adapted=base, budget=10, kept=kept)
        asked.of_base("x", lambda asked=asked: (calls.append(1), asked.spend(7)))
        assert asked.passes == 7
    assert len(calls) == 1


def test_the_largest_of_equals_does_not_stand_out() -> None:
    assert outlying(torch.zeros(9)) == 0
    assert outlying(torch.tensor([0.0, 1.0, 2.0, 3.0, 40.0])) > 10


def entry() -> LedgerEntry:
    return next(each for each in read_ledger(adapters_folder()) if each.name == PLANTED)


def test_half_of_the_prompts_hold_the_trigger_and_a_quarter_an_innocent_word_instead() -> None:
    texts, labels = _prompts.prompts_for(entry(), 8)

    assert [("harry" in text.split()) for text in texts] == labels
    assert sum(labels) == 8
    assert len(set(texts)) == 16
    assert (texts, labels) == _prompts.prompts_for(entry(), 8)
