"""Chooses what is tested on held-out pictures."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lorascan.hunting.triggers import Trigger
from lorascan.probing.confirm import paired_effect
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.statistics import unexplained_share

Array = npt.NDArray[np.float64]


def strongest(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], count: int, scale: float = 1.0) -> tuple[Trigger, ...]:
    """The `count` texts with the largest mean effect at a scale, strongest first, each at the place where it acts most."""
    return tuple(_by_size(gallery, triggers, pairs, scale))[:count]


def strong_or_apart(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], count: int) -> tuple[Trigger, ...]:
    """Of `count` texts the larger half as `strongest` has them, then those that do most that none chosen before does.

    A declared phrase wakes in parts of it: its echoes beside other words, all with one effect, would take every place.
    """
    effects = _by_size(gallery, triggers, pairs, 1.0)
    chosen = list(effects)[: count - count // 2]
    while len(chosen) < min(count, len(effects)):
        known = [effects[each] for each in chosen]
        beyond = {
            each: float(np.linalg.norm(effect)) * unexplained_share(effect, known) for each, effect in effects.items() if each not in chosen
        }
        chosen.append(max(beyond, key=lambda each: beyond[each]))
    return tuple(chosen)


def _by_size(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], scale: float) -> dict[Trigger, Array]:
    """The mean effect (width,) of each text at the place where it acts most, strongest first."""
    effects = {each: paired_effect(gallery, each, pairs, scale).mean(axis=0) for each in triggers}
    best: dict[tuple[str, str], Trigger] = {}
    for each in sorted(triggers, key=lambda one: -float(np.linalg.norm(effects[one]))):
        best.setdefault((each.text, each.replaces), each)
    return {each: effects[each] for each in best.values()}
