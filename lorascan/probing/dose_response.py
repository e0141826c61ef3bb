"""How an effect grows with the adapter's scale."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lorascan.core.behaviour import DosePoint
from lorascan.core.progress import Listener, silent
from lorascan.hunting.triggers import PLAIN, Trigger
from lorascan.probing.gallery import Gallery, Pair, Shot
from lorascan.probing.statistics import interval
from lorascan.worker.client import FloatArray

RANDOM = "random update"
"""The kind of a dose point without the adapter."""


def dose_response(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], scales: Sequence[float]) -> tuple[DosePoint, ...]:
    """Picture similarity and text lift at every scale, on pictures already drawn; at scale 0 the base is the adapter."""
    return tuple(_point(gallery, trigger, pairs, scale) for trigger in triggers for scale in scales)


def random_response(gallery: Gallery, pairs: Sequence[Pair], scales: Sequence[float], listener: Listener = silent) -> tuple[DosePoint, ...]:
    """The same of plain prompts under a random update as large as the adapter, for a curve to be read against; empty without one.

    A dose-response alone tells nothing: honest adapters, and chance of their size, take pictures apart too where they are turned up.
    """
    if gallery.bench.random is None:
        return ()
    chance = replace(gallery, bench=replace(gallery.bench, adapted=gallery.bench.random), vectors=_of_base(gallery), pictures={})
    chance.draw([PLAIN], pairs, scales, listener)
    return tuple(replace(_point(chance, PLAIN, pairs, scale), kind=RANDOM) for scale in scales)


def _of_base(gallery: Gallery) -> dict[Shot, FloatArray]:
    return {shot: vector for shot, vector in gallery.vectors.items() if shot[2] is None}


def _point(gallery: Gallery, trigger: Trigger, pairs: Sequence[Pair], scale: float) -> DosePoint:
    base, adapted = gallery.shots(trigger, pairs, None), gallery.shots(trigger, pairs, scale)
    texts = gallery.embed([prompt.plain for prompt, _ in pairs])
    mean, low, high = interval(np.einsum("nd,nd->n", base, adapted, dtype=np.float64))
    lift = np.einsum("nd,nd->n", adapted - base, texts, dtype=np.float64)
    return DosePoint(
        trigger=trigger.text,
        kind=trigger.kind,
        scale=scale,
        image_similarity=mean,
        low=low,
        high=high,
        lift=float(lift.mean()),
        pairs=len(pairs),
    )
