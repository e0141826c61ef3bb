"""Tests what texts do under two adapters together, beyond what they do under each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import Candidates
from lorascan.core.pairs import PairFacts, PairTest
from lorascan.core.progress import Listener, silent
from lorascan.hunting.triggers import PLAIN, Trigger
from lorascan.probing import PLACES, control_words, forms
from lorascan.probing.confirm import Family, Gains, concept_gains, paired_effect, shift, target_surplus
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.statistics import one_sided_p_values, sign_flip_p_values, unexplained_share
from lorascan.settings import Settings

Array = npt.NDArray[np.float64]
Pairs = Sequence[Pair]
_SCALE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trio:
    """Pictures by both adapters, by the first alone and by the second alone, and by the base, which all three hold."""

    both: Gallery
    first: Gallery
    second: Gallery

    @property
    def every(self) -> tuple[Gallery, ...]:
        """Both, first, second."""
        return self.both, self.first, self.second

    def draw(self, triggers: Sequence[Trigger], pairs: Pairs, listener: Listener = silent) -> None:
        """Draw what is still missing of triggers × pairs, with the base and with the adapters at scale 1."""
        self.both.draw(triggers, pairs, [_SCALE], listener)
        for each in (self.first, self.second):
            known = {shot: vector for shot, vector in self.both.vectors.items() if shot[2] is None}
            each.vectors |= known
            each.draw(triggers, pairs, [_SCALE], listener)

    def effects(self, trigger: Trigger, pairs: Pairs) -> tuple[Array, Array, Array]:
        """What the trigger adds to both, to the first and to the second: d, (pairs, width) each."""
        both, first, second = (paired_effect(each, trigger, pairs, _SCALE) for each in self.every)
        return both, first, second

    def interaction(self, trigger: Trigger, pairs: Pairs) -> Array:
        """I_i = d_i(both) − d_i(first) − d_i(second): (pairs, width)."""
        both, first, second = self.effects(trigger, pairs)
        return both - first - second

    def gains(self, trigger: Trigger, pairs: Pairs) -> tuple[Gains, Gains, Gains]:
        """What the trigger does to the n-way probabilities under both, the first and the second."""
        both, first, second = (concept_gains(each, trigger, pairs, _SCALE) for each in self.every)
        return both, first, second


def probe_pair(
    gallery: Gallery, candidates: Candidates, declared: tuple[str, ...], settings: Settings, listener: Listener = silent
) -> PairFacts:
    """Select candidates by their interaction on one half of the prompts and seeds, confirm on the other.

    `gallery` holds what was drawn with both adapters. Control words are the null, as for one adapter.
    """
    trio, suite, budget = trio_of(gallery), gallery.suite, settings.budget
    nominated = [each for each in candidates.ranked if not each.declared and each.scale == _SCALE][: budget.nominated]
    controls = control_words(gallery.bench, suite, {each.text for each in nominated} | set(declared), budget.controls, settings.seed)
    known = tuple(
        Trigger(text=phrase, kind="declared", place=place, source="declared") for phrase in declared[: budget.declared] for place in PLACES
    )
    select = suite.pairs("select", budget.select_pairs)
    placed = [form for each in nominated for form in forms(each)]
    trio.draw([*placed, PLAIN], select, listener)
    chosen = most_together(trio, placed, select, budget.confirmed)
    held_out = suite.pairs("confirm", budget.confirm_pairs)
    family = Family(triggers=chosen, controls=controls, declared=known)
    trio.draw(family.everything, held_out, listener)
    return PairFacts(tests=confirm_pair(trio, family, held_out, settings.seed))


def trio_of(gallery: Gallery) -> Trio:
    """The gallery of both beside one for each adapter alone."""
    first, second = (
        Gallery(bench=replace(gallery.bench, adapted=worker, alone=()), suite=gallery.suite, texts=gallery.texts)
        for worker in gallery.bench.alone
    )
    return Trio(both=gallery, first=first, second=second)


def most_together(trio: Trio, triggers: Sequence[Trigger], pairs: Pairs, count: int) -> tuple[Trigger, ...]:
    """The `count` texts with the largest mean interaction, largest first, each at the place where it is largest."""
    sizes = {each: float(np.linalg.norm(trio.interaction(each, pairs).mean(axis=0))) for each in triggers}
    best: dict[tuple[str, str], Trigger] = {}
    for each in sorted(triggers, key=lambda one: -sizes[one]):
        best.setdefault((each.text, each.replaces), each)
    return tuple(best.values())[:count]


def confirm_pair(trio: Trio, family: Family, pairs: Pairs, seed: int) -> tuple[PairTest, ...]:
    """Test the interaction of every trigger and declared word of a family on pictures already drawn."""
    tested = (*family.triggers, *family.declared)
    effects = {each: trio.effects(each, pairs) for each in family.everything if each is not PLAIN}
    beyond = {each: both - first - second for each, (both, first, second) in effects.items()}
    null = np.mean([beyond[each] for each in family.controls], axis=0)
    size = float(np.median([np.linalg.norm(beyond[each].mean(axis=0)) for each in family.controls]))
    gains = {each: trio.gains(each, pairs) for each in tested}
    joint = {each: _beyond(*gains[each]) for each in tested}
    p_values = sign_flip_p_values([beyond[each] - null for each in tested], seed)
    losses = one_sided_p_values([-joint[each].own for each in tested], seed)
    always = [shift(each, PLAIN, pairs, _SCALE).mean(axis=0) for each in trio.every]
    return tuple(
        _test(
            trio,
            trigger,
            pairs,
            effects=effects[trigger],
            control_size=size,
            p_values=(p_value, loss),
            gains=(joint[trigger], *gains[trigger][1:]),
            unexplained=max(
                unexplained_share(beyond[trigger].mean(axis=0), [*always, *_words(trigger, family, effects, beyond)]),
                target_surplus(joint[trigger], [gains[each][0] for each in family.declared if each is not trigger]),
            ),
        )
        for trigger, p_value, loss in zip(tested, p_values, losses, strict=True)
    )


def _words(
    trigger: Trigger, family: Family, effects: Mapping[Trigger, tuple[Array, Array, Array]], beyond: Mapping[Trigger, Array]
) -> list[Array]:
    """What the declared words do under both, and by the interaction."""
    words = [each for each in family.declared if each is not trigger]
    return [array.mean(axis=0) for each in words for array in (effects[each][0], beyond[each])]


def _beyond(both: Gains, first: Gains, second: Gains) -> Gains:
    """The gains under both beyond the sum of those under each."""
    others = {concept: gain - first.others[concept] - second.others[concept] for concept, gain in both.others.items()}
    return Gains(own=both.own - first.own - second.own, others=others)


def _test(  # noqa: PLR0913 - one row of the table, each figure computed where its inputs are
    trio: Trio,
    trigger: Trigger,
    pairs: Pairs,
    *,
    effects: tuple[Array, Array, Array],
    control_size: float,
    p_values: tuple[float, float],
    gains: tuple[Gains, Gains, Gains],
    unexplained: float,
) -> PairTest:
    both, first, second = (each.mean(axis=0) for each in effects)
    effect = float(np.linalg.norm(both - first - second))
    joint, subject, partner = gains
    moved = trio.both.shots(trigger, pairs, None) - trio.both.shots(PLAIN, pairs, None)
    return PairTest(
        trigger=trigger.text,
        kind=trigger.kind,
        source=trigger.source,
        place="" if trigger.replaces else trigger.place,
        pairs=len(pairs),
        effect=effect,
        effect_ratio=effect / max(control_size, 1e-6),
        together=float(np.linalg.norm(both)),
        subject=float(np.linalg.norm(first)),
        partner=float(np.linalg.norm(second)),
        base_effect=float(np.linalg.norm(moved.mean(axis=0))),
        unexplained=unexplained,
        mismatch=float(-joint.own.mean()),
        mismatch_subject=float(-subject.own.mean()),
        mismatch_partner=float(-partner.own.mean()),
        p_value=p_values[0],
        mismatch_p_value=p_values[1],
        target=joint.target,
        target_gain=joint.target_gain,
    )
