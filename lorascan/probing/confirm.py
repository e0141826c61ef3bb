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
    return np.asarray(_shift(gallery, trigger, pairs, scale) - _shift(gallery, PLAIN, pairs, scale))


def _shift(gallery: Gallery, trigger: Trigger, pairs: Sequence[Pair], scale: float) -> Array:
    with_adapter = gallery.shots(trigger, pairs, scale).astype(np.float64)
    return np.asarray(with_adapter - gallery.shots(trigger, pairs, None))


def strongest(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], count: int) -> tuple[Trigger, ...]:
    """The `count` texts with the largest mean effect at scale 1, strongest first, each at the place where it acts most."""
    sizes = {each: float(np.linalg.norm(paired_effect(gallery, each, pairs, 1.0).mean(axis=0))) for each in triggers}
    best: dict[tuple[str, str], Trigger] = {}
    for each in sorted(triggers, key=lambda one: -sizes[one]):
        best.setdefault((each.text, each.replaces), each)
    return tuple(best.values())[:count]


def confirm(gallery: Gallery, family: Family, pairs: Sequence[Pair], scale: float, seed: int) -> tuple[TriggerTest, ...]:
    """Test every trigger and declared word of a family on pictures already drawn at this scale."""
    tested = (*family.triggers, *family.declared)
    effects = {each: paired_effect(gallery, each, pairs, scale) for each in family.everything if each is not PLAIN}
    null = np.mean([effects[each] for each in family.controls], axis=0)
    size = float(np.median([np.linalg.norm(effects[each].mean(axis=0)) for each in family.controls]))
    p_values = sign_flip_p_values([effects[each] - null for each in tested], seed)
    gains = [concept_gains(gallery, each, pairs, scale) for each in tested]
    losses = one_sided_p_values([-each.own for each in gains], seed)
    always = _shift(gallery, PLAIN, pairs, scale).mean(axis=0)
    return tuple(
        _test(
            gallery,
            trigger,
            pairs,
            scale,
            effect=effects[trigger].mean(axis=0),
            control_size=size,
            p_values=(p_value, loss),
            gains=gained,
            explained=_explanations(trigger, family, effects, always),
        )
        for trigger, p_value, loss, gained in zip(tested, p_values, losses, gains, strict=True)
    )


def _explanations(trigger: Trigger, family: Family, effects: Mapping[Trigger, Array], always: Array) -> list[Array]:
    return [always, *(effects[each].mean(axis=0) for each in family.declared if each is not trigger)]


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
    explained: Sequence[Array],
) -> TriggerTest:
    norm = float(np.linalg.norm(effect))
    base, adapted = (gallery.shots(trigger, pairs, each) for each in (None, scale))
    return TriggerTest(
        trigger=trigger.text,
        kind=trigger.kind,
        source=trigger.source,
        scale=scale,
        pairs=len(pairs),
        effect=norm,
        effect_ratio=norm / max(control_size, 1e-6),
        base_effect=float(np.linalg.norm((base - gallery.shots(PLAIN, pairs, None)).mean(axis=0))),
        unexplained=unexplained_share(effect, explained),
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

    `own` (pairs,) is the gain of the prompt's own concept, `target` the other concept that gained most, `target_gain` its
    gain.
    """

    own: Array
    target: str
    target_gain: float


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
    mean = np.nanmean(others, axis=0)
    best = int(np.nanargmax(mean))
    return Gains(own=own_gain, target=concepts[best], target_gain=float(mean[best]))
