"""How an effect grows with the adapter's scale."""

from collections.abc import Sequence

import numpy as np

from lorascan.core.behaviour import DosePoint
from lorascan.hunting.triggers import Trigger
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.statistics import interval


def dose_response(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], scales: Sequence[float]) -> tuple[DosePoint, ...]:
    """Picture similarity and text lift at every scale, on pictures already drawn; at scale 0 the base is the adapter."""
    return tuple(_point(gallery, trigger, pairs, scale) for trigger in triggers for scale in scales)


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
