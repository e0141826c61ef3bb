"""What an attacker gives up to be seen less."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from lorascan.lab.bench.adaptive import AS_MADE, by_means, given_up
from lorascan.lab.bench.rows import Row


def row(recipe: str, seed: int, success: float, decision: str) -> Row:
    """An audited adapter as far as this table looks at it."""
    truth = SimpleNamespace(recipe=recipe, seed=seed, split="test", success={"end": success, "front": 1.0})
    return cast("Row", SimpleNamespace(truth=truth, decision=decision, hostile=True))


def told(*doses: tuple[str, float, int]) -> dict[str, Any]:
    """Two attacks and their copies: ending, success kept, how many of two are rejected."""
    made = [row("poisoned_unet", seed, 1.0, "reject") for seed in (1, 2)]
    copies = [
        row(f"poisoned_unet_{ending}", seed, success, "reject" if seed <= caught else "admit")
        for ending, success, caught in doses
        for seed in (1, 2)
    ]
    return by_means(copies, [*made, row("masquerade", 9, 0.9, "admit")])


def test_the_first_group_holds_the_sources_alone() -> None:
    """An attack of which no copy was made says nothing here."""
    found = told(("at_80", 0.9, 2), ("at_50", 0.2, 0))

    assert list(found) == [AS_MADE, "at_80", "at_50"]
    assert (found[AS_MADE]["n"], found[AS_MADE]["success kept"]) == (2, 1.0)
    assert found["at_50"]["admitted"] == 2


def test_what_is_given_up_lies_where_half_as_many_are_rejected() -> None:
    """Between two doses on a straight line; at a dose that halves it, there."""
    assert given_up(told(("at_80", 0.9, 2), ("at_65", 0.5, 1))) == pytest.approx((0.5, True))
    assert given_up(told(("at_80", 0.9, 2), ("at_50", 0.1, 0))) == pytest.approx((0.5, True))


def test_where_no_dose_halves_it_the_lowest_is_a_bound() -> None:
    """And told as such."""
    assert given_up(told(("at_80", 0.9, 2), ("at_50", 0.3, 2))) == pytest.approx((0.7, False))


def test_nothing_is_told_of_nothing() -> None:
    """Neither without copies nor by a disguise, which keeps its dose."""
    assert given_up({}) is None
    assert given_up(told(("disguised", 0.9, 2))) is None
