"""Draws pictures with and without the adapter and tests what triggers do."""

import numpy as np

from lorascan.core.behaviour import Candidates, ProbeFacts
from lorascan.core.progress import Listener, silent
from lorascan.hunting.vocabulary import read_vocabulary
from lorascan.probing.confirm import Family, confirm, strongest
from lorascan.probing.dose_response import dose_response
from lorascan.probing.gallery import Gallery
from lorascan.probing.observe import observations, thumbnails
from lorascan.probing.suites import Suite, suite_for
from lorascan.hunting.triggers import PLAIN, Trigger, candidate_trigger
from lorascan.settings import Settings
from lorascan.worker.bench import Bench


def probe(
    bench: Bench, candidates: Candidates, declared: tuple[str, ...], settings: Settings, listener: Listener = silent
) -> ProbeFacts:
    """Select among the hunt's candidates on one half of the prompts and seeds, confirm on the other, then vary the scale.

    Control words (suite words and words drawn from the vocabulary) are the null of every test.
    """
    suite, budget = suite_for(bench.family), settings.budget
    gallery = Gallery(bench=bench, suite=suite)
    nominated = tuple(candidate_trigger(each) for each in candidates.ranked[: budget.nominated] if not each.declared)
    controls = control_words(bench, suite, {each.text for each in nominated} | set(declared), budget.controls, settings.seed)
    known = tuple(Trigger(text=each, kind="declared", source="declared") for each in declared[: budget.declared])

    select = suite.pairs("select", budget.select_pairs)
    gallery.draw([*nominated, PLAIN], select, [1.0], listener)
    chosen = strongest(gallery, nominated, select, budget.confirmed)

    held_out = suite.pairs("confirm", budget.confirm_pairs)
    family = Family(triggers=chosen, controls=controls, declared=known)
    gallery.draw(family.everything, held_out, [1.0], listener)
    tests = confirm(gallery, family, held_out, 1.0, settings.seed)

    dosed = (*chosen[: budget.dosed], *known, PLAIN)
    some = held_out[: budget.dose_pairs]
    gallery.draw(dosed, some, suite.scales, listener)
    seen = observations(gallery, [*nominated, PLAIN], select, [1.0], "select")
    seen += observations(gallery, family.everything, held_out, [1.0], "confirm")
    seen += observations(gallery, dosed, some, [scale for scale in suite.scales if scale != 1.0], "confirm")
    return ProbeFacts(
        suites={suite.id: suite.sha256},
        observations=tuple(seen),
        tests=tests,
        dose_response=dose_response(gallery, dosed, some, suite.scales),
        pictures=thumbnails(gallery, dosed, some[: budget.pictured], [scale for scale in suite.scales if scale]),
    )


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
    return tuple(Trigger(text=str(word), kind="control", source="control") for word in (*listed, *drawn))


_SHORTEST, _LONGEST = 3, 7
"""Letters of a drawn control word: the length of a typical rare trigger."""
