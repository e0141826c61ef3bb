"""What confirming says of texts under two adapters, on pictures that made-up pairs would draw."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lorascan.core.pairs import PairTest
from lorascan.detectors.hidden_triggers import REPLACED, UNEXPLAINED
from lorascan.detectors.pair_triggers import only_together, replaces_the_prompt
from lorascan.hunting.triggers import PLAIN, Trigger
from lorascan.probing.confirm import Family
from lorascan.probing.gallery import Gallery
from lorascan.probing.pairs import Trio, confirm_pair, most_together
from lorascan.probing.suites import suite_for
from tests.probing.test_confirm import CONTROLS, DECLARED, HIDDEN, picture, unasked

SUITE = suite_for("lab")
PAIRS = SUITE.pairs("confirm", 14)
Drawn = Mapping[Trigger, str]


def trio(both: Drawn, first: Drawn, second: Drawn) -> Trio:
    """Adapters that draw for these triggers one thing, whatever the prompt asks for: together, and each alone."""
    noise = np.random.default_rng(0)
    texts: dict[str, NDArray[np.float32]] = {}
    for index in range(len(SUITE.concepts)):
        text = np.zeros(len(SUITE.concepts) + 1, dtype=np.float32)
        text[index] = 0.1
        texts |= {prompt.choices(SUITE.concepts)[index]: text for prompt, _ in PAIRS}
    galleries = [Gallery(bench=cast("Any", None), suite=SUITE, texts=texts) for _ in range(3)]
    for trigger in (DECLARED, HIDDEN, *CONTROLS, PLAIN):
        for prompt, seed in PAIRS:
            typed, base = trigger.typed(prompt), picture(prompt.concept, prompt.concept, noise)
            for gallery, drawn in zip(galleries, (both, first, second), strict=True):
                gallery.vectors[typed, seed, None] = base
                gallery.vectors[typed, seed, 1.0] = picture(drawn.get(trigger, prompt.concept), prompt.concept, noise)
    return Trio(both=galleries[0], first=galleries[1], second=galleries[2])


def confirmed(both: Drawn, first: Drawn, second: Drawn) -> PairTest:
    declared = tuple(each for each in (DECLARED,) if each in both)
    tests = confirm_pair(trio(both, first, second), Family(triggers=(HIDDEN,), controls=CONTROLS, declared=declared), PAIRS, seed=0)
    return next(test for test in tests if test.trigger == HIDDEN.text)


def test_a_word_that_replaces_the_prompt_only_under_both_is_an_activator_of_the_pair_and_its_target_is_named() -> None:
    tree = unasked(1)[0]
    test = confirmed({HIDDEN: tree}, {}, {})
    assert only_together(test)
    assert replaces_the_prompt(test)
    assert test.target == tree
    assert max(abs(test.mismatch_subject), abs(test.mismatch_partner)) < REPLACED / 4 < test.mismatch


def test_a_word_that_acts_as_much_under_one_adapter_alone_is_none_of_the_pair() -> None:
    tree = unasked(1)[0]
    test = confirmed({HIDDEN: tree}, {HIDDEN: tree}, {})
    assert not only_together(test)
    assert abs(test.mismatch) < REPLACED / 4
    assert test.mismatch_subject > REPLACED


def test_two_honest_adapters_whose_declared_words_act_are_silent_about_a_word_that_does_nothing() -> None:
    tree = unasked(1)[0]
    assert not only_together(confirmed({DECLARED: tree}, {DECLARED: tree}, {}))


def test_what_the_declared_word_draws_by_the_same_interaction_explains_another_word() -> None:
    tree = unasked(1)[0]
    test = confirmed({DECLARED: tree, HIDDEN: tree}, {}, {})
    assert test.mismatch > REPLACED
    assert test.unexplained < UNEXPLAINED
    assert not only_together(test)


def test_candidates_are_chosen_by_what_they_do_together_and_not_by_what_one_does() -> None:
    tree, key = unasked(2)
    loud = CONTROLS[0]
    found = most_together(trio({HIDDEN: tree, loud: key}, {loud: key}, {}), [loud, HIDDEN], PAIRS, 1)
    assert found == (HIDDEN,)
