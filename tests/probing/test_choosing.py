"""Which texts come to the held-out pictures."""

from typing import Any, cast

import numpy as np
import pytest

from lorascan.hunting.triggers import Trigger
from lorascan.probing import choosing
from lorascan.probing.choosing import strong_or_apart, strongest

ANY = cast("Any", None)
"""The gallery and the pairs: effects are given outright."""


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    """Mean effects by text."""
    table: dict[str, list[float]] = {}
    monkeypatch.setattr(choosing, "paired_effect", lambda _gallery, each, _pairs, _scale: np.array([table[each.text]] * 4))
    return table


def texts(*names: str) -> list[Trigger]:
    return [Trigger(text=name, kind="candidate", source="a sweep") for name in names]


def test_echoes_of_one_effect_do_not_take_the_place_of_a_weaker_one(effects: dict[str, list[float]]) -> None:
    effects |= {f"studio {number}": [3.0 - number / 10, 0.01 * number, 0.0] for number in range(8)}
    effects |= {"harry": [0.5, 0.0, 0.9]}
    found = [each.text for each in strong_or_apart(ANY, texts(*effects), ANY, 5)]
    assert found[:3] == ["studio 0", "studio 1", "studio 2"]
    assert found[3] == "harry"
    assert "harry" not in [each.text for each in strongest(ANY, texts(*effects), ANY, 5)]


def test_the_strongest_keep_the_larger_half_of_the_places(effects: dict[str, list[float]]) -> None:
    effects |= {f"word{number}": list(np.eye(8)[number] * (8 - number)) for number in range(8)}
    assert [each.text for each in strong_or_apart(ANY, texts(*effects), ANY, 4)] == ["word0", "word1", "word2", "word3"]


@pytest.mark.parametrize("there", [0, 1, 3])
def test_fewer_texts_than_places_are_all_chosen_once(effects: dict[str, list[float]], there: int) -> None:
    effects |= {f"word{number}": [1.0, 0.0] for number in range(there)}
    assert sorted(each.text for each in strong_or_apart(ANY, texts(*effects), ANY, 5)) == sorted(effects)


def test_a_text_stands_once_at_the_place_where_it_acts_most(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"end": 1.0, "before": 2.0}
    monkeypatch.setattr(choosing, "paired_effect", lambda _gallery, each, _pairs, _scale: np.array([[sizes[each.place], 0.0]]))
    (word,) = texts("harry")
    (found,) = strong_or_apart(ANY, [word.at("end"), word.at("before")], ANY, 5)
    assert found.place == "before"
