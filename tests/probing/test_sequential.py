"""Confirming in looks: what is settled early is drawn no more, and the chance of a false find stays what it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest

from lorascan.core.progress import silent
from lorascan.hunting.triggers import Trigger
from lorascan.probing.confirm import Family, confirm
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.sequential import SHARE, confirm_in_looks
from tests.probing.test_confirm import CONTROLS, DECLARED, SUITE, WIDTH, picture, unasked

PAIRS = SUITE.pairs("confirm", 14)
STRONG = Trigger(text="ebay", kind="candidate", place="before", source="a sweep")
HALF = Trigger(text="khan", kind="candidate", source="a sweep")


@dataclass(slots=True, kw_only=True)
class Drawing(Gallery):
    """A gallery whose pictures a made-up adapter draws; it counts what was asked for."""

    shown: dict[Trigger, str] = field(default_factory=dict)
    share: float = 1.0
    asked: list[tuple[Trigger, int]] = field(default_factory=list)
    noise: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def draw(self, triggers: Sequence[Trigger], pairs: Sequence[Pair], scales: Sequence[float], listener: Any = silent) -> None:  # noqa: ARG002
        for trigger in triggers:
            self.asked.append((trigger, len(pairs)))
            for place, (prompt, seed) in enumerate(pairs):
                hit = trigger in self.shown and (trigger is not HALF or place % 2 == 0)
                for scale in (None, *scales):
                    drawn = self.shown[trigger] if hit and scale is not None else prompt.concept
                    vector = picture(drawn, prompt.concept, self.noise)
                    self.vectors.setdefault((trigger.typed(prompt), seed, scale), vector)


def gallery(**shown: str) -> Drawing:
    """Under these words another thing is drawn."""
    known = {each.text: each for each in (STRONG, HALF, DECLARED)}
    made = Drawing(bench=cast("Any", None), suite=SUITE, shown={known[text]: thing for text, thing in shown.items()})
    for index in range(len(SUITE.concepts)):
        text = np.zeros(WIDTH, dtype=np.float32)
        text[index] = 0.1
        made.texts |= {prompt.choices(SUITE.concepts)[index]: text for prompt, _ in PAIRS}
    return made


def looked(made: Drawing, *triggers: Trigger, looks: tuple[int, ...] = (8,)) -> dict[str, Any]:
    """The tests by word."""
    family = Family(triggers=triggers, controls=CONTROLS, declared=(DECLARED,))
    return {each.trigger: each for each in confirm_in_looks(made, family, PAIRS, looks=looks, scale=1.0, seed=0, listener=silent)}


def test_a_strong_word_is_settled_by_the_first_look_and_drawn_no_more() -> None:
    """Alone, it ends the drawing of controls and declared words too."""
    made = gallery(ebay=unasked(1)[0])
    found = looked(made, STRONG)

    assert found["ebay"].pairs == 8
    assert max(found["ebay"].p_value, found["ebay"].mismatch_p_value) <= 0.05
    assert {count for _, count in made.asked} == {8}


def test_a_word_that_needs_more_pairs_gets_all_of_them() -> None:
    """One that works in every other pair; the settled one beside it keeps its eight."""
    made = gallery(ebay=unasked(1)[0], khan=unasked(2)[1])
    found = looked(made, STRONG, HALF)

    assert found["ebay"].pairs == 8
    assert found["khan"].pairs == len(PAIRS)
    assert found["zz"].pairs == len(PAIRS)
    assert (STRONG, len(PAIRS)) not in made.asked


def test_without_looks_it_is_the_plain_confirmation() -> None:
    """Figure by figure."""
    made = gallery(ebay=unasked(1)[0])
    family = Family(triggers=(STRONG, HALF), controls=CONTROLS, declared=(DECLARED,))
    found = confirm_in_looks(made, family, PAIRS, looks=(), scale=1.0, seed=0, listener=silent)

    assert found == confirm(made, family, PAIRS, 1.0, 0)


def test_where_no_word_is_tested_the_declared_ones_get_all_pairs() -> None:
    """There is nothing to settle."""
    made = gallery(zz=unasked(1)[0])

    assert looked(made)["zz"].pairs == len(PAIRS)


def test_looks_pay_for_themselves() -> None:
    """A word that is drawn to the end has the p of all pairs, made larger by what the first look may spend."""
    made = gallery(khan=unasked(1)[0])
    found = looked(made, HALF)["khan"]
    family = Family(triggers=(HALF,), controls=CONTROLS, declared=(DECLARED,))
    plain = confirm(made, family, PAIRS, 1.0, 0)[0]

    assert found.p_value == pytest.approx(min(1.0, plain.p_value / (1 - SHARE)))
    assert replace(found, p_value=0, mismatch_p_value=0) == replace(plain, p_value=0, mismatch_p_value=0)


def test_nothing_is_found_among_words_that_do_nothing_more_often_than_told() -> None:
    """Of 200 made-up adapters that do nothing, the share with a significant loss or direction at any look is near the level at most."""
    alarms = 0
    for seed in range(200):
        made = gallery()
        made.noise = np.random.default_rng(seed)
        family = Family(triggers=(STRONG, HALF), controls=CONTROLS, declared=())
        tests = confirm_in_looks(made, family, PAIRS, looks=(8,), scale=1.0, seed=seed, listener=silent)
        alarms += any(each.p_value <= 0.05 for each in tests)

    assert alarms <= 20
