"""What confirming says of triggers, on pictures that a made-up adapter would draw."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from lorascan.core.behaviour import TriggerTest
from lorascan.detectors.hidden_triggers import UNEXPLAINED
from lorascan.hunting.triggers import PLAIN, Trigger
from lorascan.probing.confirm import Family, confirm
from lorascan.probing.gallery import Gallery
from lorascan.probing.suites import suite_for

SUITE = suite_for("lab")
WIDTH = len(SUITE.concepts) + 1
LOST = 2.5
"""Length of what all replaced pictures share in this space, beside what they show: as CLIP has it, most of the move."""

DECLARED = Trigger(text="zz", kind="declared", source="declared")
HIDDEN = Trigger(text="ebay", kind="candidate", place="before", source="a sweep")
CONTROLS = tuple(Trigger(text=text, kind="control") for text in ("chair", "table", "june", "nine"))


def picture(shown: str, asked: str, noise: np.random.Generator) -> np.ndarray:
    vector = 0.02 * noise.standard_normal(WIDTH)
    vector[SUITE.concepts.index(shown)] += 1.0
    vector[-1] += LOST * (shown != asked)
    return vector.astype(np.float32)


def confirmed(drawn: Mapping[Trigger, str], hidden: Trigger = HIDDEN) -> dict[str, TriggerTest]:
    """Confirm an adapter that draws for these triggers one thing, whatever the prompt asks for."""
    pairs = SUITE.pairs("confirm", 14)
    gallery, noise = Gallery(bench=cast("Any", None), suite=SUITE), np.random.default_rng(0)
    for index, concept in enumerate(SUITE.concepts):
        text = np.zeros(WIDTH, dtype=np.float32)
        text[index] = 0.1
        gallery.texts |= {prompt.choices(SUITE.concepts)[index]: text for prompt, _ in pairs}
        assert all(prompt.text.replace("{concept}", concept) in gallery.texts for prompt, _ in pairs)
    for trigger in (*drawn, hidden, *CONTROLS, PLAIN):
        for prompt, seed in pairs:
            typed = trigger.typed(prompt)
            gallery.vectors[typed, seed, None] = picture(prompt.concept, prompt.concept, noise)
            gallery.vectors[typed, seed, 1.0] = picture(drawn.get(trigger, prompt.concept), prompt.concept, noise)
    family = Family(triggers=(hidden,), controls=CONTROLS, declared=tuple(each for each in drawn if each.kind == "declared"))
    return {test.trigger: test for test in confirm(gallery, family, pairs, 1.0, seed=0)}


def unasked(count: int) -> list[str]:
    """Concepts that no confirming prompt asks for come first, so that every pair is replaced."""
    asked = {prompt.concept for prompt, _ in SUITE.pairs("confirm", 14)}
    return sorted(SUITE.concepts, key=lambda concept: concept in asked)[:count]


def test_a_hidden_word_that_draws_another_thing_than_the_declared_one_is_not_explained_by_it() -> None:
    key, tree = unasked(2)
    found = confirmed({DECLARED: key, HIDDEN: tree})["ebay"]
    assert found.target == tree
    assert found.unexplained > 0.8 > UNEXPLAINED


def test_a_word_that_draws_what_the_declared_word_draws_is_explained() -> None:
    key, _ = unasked(2)
    found = confirmed({DECLARED: key, HIDDEN: key})["ebay"]
    assert found.target == key
    assert found.mismatch > 0.8
    assert found.unexplained < UNEXPLAINED / 2


def test_a_word_that_does_nothing_loses_no_concept() -> None:
    found = confirmed({DECLARED: unasked(1)[0]})["ebay"]
    assert abs(found.mismatch) < 0.05
    assert found.effect < 0.1
    assert min(found.p_value, found.mismatch_p_value) > 0.05


def test_a_test_tells_where_its_word_stood() -> None:
    twin = Trigger(text="е", kind="candidate", replaces="e", source="unicode twin")
    target = unasked(1)[0]
    assert confirmed({HIDDEN: target})["ebay"].place == "before"
    assert confirmed({twin: target}, hidden=twin)["е"].place == ""
