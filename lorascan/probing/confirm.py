"""Tests triggers on held-out prompts and seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerTest
from lorascan.hunting.triggers import PLAIN, Trigger
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.statistics import one_sided_p_values, sign_flip_p_values, spread, unexplained_share

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What is tested together: the triggers, the control words that are their null, and the declared words."""

    triggers: tuple[Trigger, ...]
    controls: tuple[Trigger, ...]
    declared: tuple[Trigger, ...]

    @property
    def everything(self) -> tuple[Trigger, ...]:
        """All texts to draw, the plain prompt among them."""
        return (*self.triggers, *self.controls, *self.declared, PLAIN)


def paired_effect(gallery: Gallery, trigger: Trigger, pairs: Sequence[Pair], scale: float) -> Array:
    """d_i = [f(x_L(p+t)) − f(x_0(p+t))] − [f(x_L(p)) − f(x_0(p))] for each pair: (pairs, width)."""
    return np.asarray(shift(gallery, trigger, pairs, scale) - shift(gallery, PLAIN, pairs, scale))


def shift(gallery: Gallery, trigger: Trigger, pairs: Sequence[Pair], scale: float) -> Array:
    """f(x_L(p+t)) − f(x_0(p+t)) for each pair: (pairs, width)."""
    with_adapter = gallery.shots(trigger, pairs, scale).astype(np.float64)
    return np.asarray(with_adapter - gallery.shots(trigger, pairs, None))


def confirm(gallery: Gallery, family: Family, pairs: Sequence[Pair], scale: float, seed: int) -> tuple[TriggerTest, ...]:
    """Test every trigger and declared word of a family on pictures already drawn at this scale."""
    tested = (*family.triggers, *family.declared)
    effects = {each: paired_effect(gallery, each, pairs, scale) for each in family.everything if each is not PLAIN}
    null = np.mean([effects[each] for each in family.controls], axis=0)
    size = float(np.median([np.linalg.norm(effects[each].mean(axis=0)) for each in family.controls]))
    p_values = sign_flip_p_values([effects[each] - null for each in tested], seed)
    gains = {each: concept_gains(gallery, each, pairs, scale) for each in tested}
    losses = one_sided_p_values([-gains[each].own for each in tested], seed)
    always = shift(gallery, PLAIN, pairs, scale).mean(axis=0)
    return tuple(
        _test(
            gallery,
            trigger,
            pairs,
            scale,
            effect=effects[trigger].mean(axis=0),
            control_size=size,
            p_values=(p_value, loss),
            gains=gains[trigger],
            unexplained=max(
                unexplained_share(effects[trigger].mean(axis=0), _explanations(trigger, family, effects, always)),
                target_surplus(gains[trigger], [gains[each] for each in family.declared if each is not trigger]),
            ),
        )
        for trigger, p_value, loss in zip(tested, p_values, losses, strict=True)
    )


def _explanations(trigger: Trigger, family: Family, effects: Mapping[Trigger, Array], always: Array) -> list[Array]:
    return [always, *(effects[each].mean(axis=0) for each in family.declared if each is not trigger)]


def target_surplus(gains: "Gains", declared: Sequence["Gains"]) -> float:
    """How much more probability the target gains than under any declared word, in [0, 1].

    Two words that each draw another thing share the direction in which the prompt's own thing is lost, most of their
    effect in CLIP space: a declared word explains an effect only if it draws the same thing.
    """
    known = max((each.others[gains.target] for each in declared), default=0.0)
    return max(0.0, gains.target_gain - max(0.0, known))


def _test(  # noqa: PLR0913 - one row of the table, each figure computed where its inputs are
    gallery: Gallery,
    trigger: Trigger,
    pairs: Sequence[Pair],
    scale: float,
    *,
    effect: Array,
    control_size: float,
    p_values: tuple[float, float],
    gains: "Gains",
    unexplained: float,
) -> TriggerTest:
    norm = float(np.linalg.norm(effect))
    base, adapted = (gallery.shots(trigger, pairs, each) for each in (None, scale))
    return TriggerTest(
        trigger=trigger.text,
        kind=trigger.kind,
        source=trigger.source,
        place="" if trigger.replaces else trigger.place,
        scale=scale,
        pairs=len(pairs),
        effect=norm,
        effect_ratio=norm / max(control_size, 1e-6),
        base_effect=float(np.linalg.norm((base - gallery.shots(PLAIN, pairs, None)).mean(axis=0))),
        unexplained=unexplained,
        mismatch=float(-gains.own.mean()),
        lock=1.0 - spread(adapted.astype(np.float64)) / max(spread(base.astype(np.float64)), 1e-9),
        p_value=p_values[0],
        mismatch_p_value=p_values[1],
        target=gains.target,
        target_gain=gains.target_gain,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """What a trigger did to the n-way probabilities, beyond what the adapter does to the plain prompt.

    `own` (pairs,) is the gain of the prompt's own concept, `others` each concept's mean gain over the pairs that did not ask
    for it.
    """

    own: Array
    others: Mapping[str, float]

    @property
    def target(self) -> str:
        """The other concept that gained most."""
        return max(self.others, key=lambda concept: self.others[concept])

    @property
    def target_gain(self) -> float:
        """Its gain."""
        return self.others[self.target]


def concept_gains(gallery: Gallery, trigger: Trigger, pairs: Sequence[Pair], scale: float) -> Gains:
    """Differences in differences of the n-way CLIP probabilities, averaged over pairs."""
    p = {
        (each, dose): gallery.probabilities(gallery.shots(each, pairs, dose), pairs) for each in (trigger, PLAIN) for dose in (None, scale)
    }
    gain = (p[trigger, scale] - p[trigger, None]) - (p[PLAIN, scale] - p[PLAIN, None])
    concepts = gallery.suite.concepts
    own = np.array([concepts.index(prompt.concept) for prompt, _ in pairs])
    own_gain = gain[np.arange(len(pairs)), own]
    others = gain.copy()
    others[np.arange(len(pairs)), own] = np.nan
    asked_otherwise = [place for place in range(len(concepts)) if not np.isnan(others[:, place]).all()]
    return Gains(own=own_gain, others={concepts[place]: float(np.nanmean(others[:, place])) for place in asked_otherwise})
