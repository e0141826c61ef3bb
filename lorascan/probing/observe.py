"""Writes what was drawn as observations and thumbnails."""

import io
from collections.abc import Sequence

import numpy as np

from lorascan.core.behaviour import Picture, ProbeObservation
from lorascan.hunting.triggers import Trigger
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.suites import Split

_THUMBNAIL = 256
_QUALITY = 82


def observations(
    gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], scales: Sequence[float], split: Split
) -> list[ProbeObservation]:
    """One row per trigger, pair and scale; text similarity is to the plain prompt, whatever the trigger."""
    texts = gallery.embed([prompt.plain for prompt, _ in pairs])
    rows = []
    for trigger in triggers:
        base = gallery.shots(trigger, pairs, None)
        for scale in scales:
            adapted = gallery.shots(trigger, pairs, scale)
            for place, (prompt, seed) in enumerate(pairs):
                rows.append(
                    ProbeObservation(
                        suite=gallery.suite.id,
                        prompt=prompt.plain,
                        trigger=trigger.text,
                        kind=trigger.kind,
                        split=split,
                        scale=scale,
                        seed=seed,
                        similarity_base=float(base[place] @ texts[place]),
                        similarity_adapted=float(adapted[place] @ texts[place]),
                        image_similarity=float(base[place] @ adapted[place]),
                    )
                )
    return rows


def thumbnails(gallery: Gallery, triggers: Sequence[Trigger], pairs: Sequence[Pair], scales: Sequence[float]) -> tuple[Picture, ...]:
    """Base and adapted pictures for the report, re-encoded as WebP; `similarity` is to the plain prompt."""
    texts = gallery.embed([prompt.plain for prompt, _ in pairs])
    rows = []
    for trigger in triggers:
        for place, (prompt, seed) in enumerate(pairs):
            typed = trigger.typed(prompt)
            for scale in (None, *scales):
                shot = (typed, seed, scale)
                if shot in gallery.pictures:
                    rows.append(
                        Picture(
                            prompt=typed,
                            trigger=trigger.text,
                            kind=trigger.kind,
                            seed=seed,
                            scale=scale or 0.0,
                            adapted=scale is not None,
                            webp=webp(gallery.pictures[shot]),
                            similarity=float(gallery.vectors[shot] @ texts[place]),
                        )
                    )
    return tuple(rows)


def webp(pixels: "np.typing.NDArray[np.uint8]") -> bytes:
    """A picture (height, width, 3) as WebP, small ones enlarged by whole pixels, large ones reduced to 256."""
    from PIL import Image  # noqa: PLC0415 - only an audit with pictures pays for it

    picture = Image.fromarray(np.asarray(pixels, dtype=np.uint8), mode="RGB")
    longest = max(picture.size)
    if longest > _THUMBNAIL:
        picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    elif longest <= _THUMBNAIL // 2:
        factor = (_THUMBNAIL // 2) // longest
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=longest <= _THUMBNAIL // 2, quality=_QUALITY, method=4)
    return out.getvalue()
