"""Draws pictures with and without the adapter and tests what triggers do."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lorascan.core.behaviour import Candidates, ProbeFacts, TriggerCandidate, TriggerTest
from lorascan.core.progress import Listener, silent
from lorascan.hunting.triggers import PLAIN, Place, Trigger
from lorascan.hunting.vocabulary import read_vocabulary
from lorascan.probing.choosing import strong_or_apart, strongest
from lorascan.probing.confirm import Family, confirm
from lorascan.probing.dose_response import dose_response, random_response
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.observe import observations, thumbnails
from lorascan.probing.sequential import confirm_in_looks
from lorascan.probing.suites import Suite, suite_for
from lorascan.settings import Settings
from lorascan.worker.bench import Bench


def probe(
    bench: Bench,
    candidates: Candidates,
    declared: tuple[str, ...],
    settings: Settings,
    listener: Listener = silent,
    gallery: Gallery | None = None,
) -> ProbeFacts:
    """Select candidates on one half of the prompts and seeds, confirm on the other, then vary the scale.

    Control words (suite words and words drawn from the vocabulary) are the null of every test. What is drawn stays in the
    caller's `gallery`.
    """
    suite, budget = suite_for(bench.family), settings.budget
    gallery = gallery or Gallery(bench=bench, suite=suite)
    nominated = [each for each in candidates.ranked if not each.declared and each.usual][: budget.nominated]
    waking = [each for each in candidates.ranked if not each.declared and each.scale != 1.0][: budget.dosed]
    for part in dict.fromkeys(each.part for each in candidates.ranked if each.part):
        waking += [each for each in candidates.ranked if not each.declared and each.part == part][: budget.dosed]
        waking += [replace(each, part=part) for each in nominated[: budget.confirmed]]
    controls = control_words(bench, suite, {each.text for each in (*nominated, *waking)} | set(declared), budget.controls, settings.seed)
    known = tuple(
        Trigger(text=phrase, kind="declared", place=place, source="declared") for phrase in declared[: budget.declared] for place in PLACES
    )

    select = suite.pairs("select", budget.select_pairs)
    placed = [form for each in nominated for form in forms(each)]
    gallery.draw([*placed, PLAIN], select, [1.0], listener)
    chosen = strong_or_apart(gallery, placed, select, budget.confirmed)

    held_out = suite.pairs("confirm", budget.confirm_pairs)
    family = Family(triggers=chosen, controls=controls, declared=known)
    tests = confirm_in_looks(gallery, family, held_out, looks=budget.looks, scale=1.0, seed=settings.seed, listener=listener)
    held_out = held_out[: max((each.pairs for each in tests), default=None)]
    turned_up = max((1.0, *budget.scales))
    waking += [replace(each, scale=turned_up) for each in nominated if turned_up > 1.0]
    tests += waking_tests(gallery, waking, family, (select, held_out), settings, listener)

    dosed = (*_dosed(tests, chosen, budget.dosed), *strongest(gallery, known, held_out, budget.declared), PLAIN)
    some = held_out[: budget.dose_pairs]
    gallery.draw(dosed, some, suite.scales, listener)
    seen = observations(gallery, [*placed, PLAIN], select, [1.0], "select")
    for trigger in family.everything:
        seen += observations(gallery, [trigger], held_out[: _pairs_of(trigger, tests, len(held_out))], [1.0], "confirm")
    seen += observations(gallery, dosed, some, [scale for scale in suite.scales if scale != 1.0], "confirm")
    return ProbeFacts(
        suites={suite.id: suite.sha256},
        observations=tuple(seen),
        tests=tests,
        dose_response=(*dose_response(gallery, dosed, some, suite.scales), *random_response(gallery, some, suite.scales, listener)),
        pictures=thumbnails(gallery, dosed, some[: budget.pictured], [scale for scale in suite.scales if scale]),
        passes=dict(bench.reference.passes + bench.adapted.passes),
        concepts=suite.concepts,
    )


def _pairs_of(trigger: Trigger, tests: Sequence[TriggerTest], most: int) -> int:
    """How many pairs were drawn of a text at scale 1: all but where an early look settled it."""
    return min((each.pairs for each in tests if each.usual and (each.trigger, each.kind) == (trigger.text, trigger.kind)), default=most)


PLACES: tuple[Place, ...] = ("end", "before")


def forms(candidate: TriggerCandidate) -> tuple[Trigger, ...]:
    """A nomination as the triggers to try: at both places, or as the look-alike that it is."""
    first = Trigger(text=candidate.text, kind="candidate", replaces=candidate.replaces, source=candidate.source)
    return (first,) if candidate.replaces else tuple(first.at(place) for place in PLACES)


def waking_tests(
    gallery: Gallery,
    waking: Sequence[TriggerCandidate],
    family: Family,
    halves: tuple[Sequence[Pair], Sequence[Pair]],
    settings: Settings,
    listener: Listener,
) -> tuple[TriggerTest, ...]:
    """The tests of candidates that act at other scales than 1, or under a part alone, beside the same controls and declared words.

    At each scale, and under each part, the strongest are tested. What was nominated at scale 1 is among those of the largest scale,
    and the first of it among those of each part: a word may be seen there by one denoiser step and still draw nothing.
    """
    select, held_out = halves
    tests: list[TriggerTest] = []
    for scale, part in dict.fromkeys((each.scale, each.part) for each in waking):
        placed = [form for each in waking if (each.scale, each.part) == (scale, part) for form in forms(each)]
        drawn = gallery.of_part(part)
        drawn.draw([*placed, PLAIN], select, [scale], listener)
        there = replace(family, triggers=strongest(drawn, placed, select, settings.budget.dosed, scale))
        drawn.draw(there.everything, held_out, [scale], listener)
        found = confirm(drawn, there, held_out, scale, settings.seed)
        tests += (replace(each, part=part) for each in found if each.kind == "candidate")
    return tuple(tests)


def _dosed(tests: Sequence[TriggerTest], chosen: Sequence[Trigger], count: int) -> tuple[Trigger, ...]:
    """The chosen triggers with the largest confirmed effect."""
    effects = {test.trigger: test.effect for test in tests if test.kind == "candidate" and test.usual}
    return tuple(sorted(chosen, key=lambda each: -effects[each.text])[:count])


def control_words(bench: Bench, suite: Suite, taken: set[str], count: int, seed: int) -> tuple[Trigger, ...]:
    """Half from the suite's list, half rare words drawn from the base's vocabulary; none of those taken."""
    listed = [word for word in suite.controls if word not in taken][: count // 2]
    vocabulary = read_vocabulary(bench.base_folder)
    plain = [
        text
        for text, whole in zip(vocabulary.texts, vocabulary.whole, strict=True)
        if whole and text.isascii() and text.isalpha() and _SHORTEST <= len(text) <= _LONGEST and text not in taken
    ]
    drawn = np.random.default_rng(seed).choice(plain, size=count - len(listed), replace=False)
    return tuple(
        Trigger(text=str(word), kind="control", place=PLACES[turn % 2], source="control") for turn, word in enumerate((*listed, *drawn))
    )


_SHORTEST, _LONGEST = 3, 7
"""Letters of a drawn control word: the length of a typical rare trigger."""
