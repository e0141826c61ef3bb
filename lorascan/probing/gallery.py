"""Draws pictures with and without the adapter, embeds them once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lorascan.core.progress import Listener, Progress, silent
from lorascan.hunting.triggers import Trigger
from lorascan.probing.suites import Prompt, Suite
from lorascan.worker.bench import Bench
from lorascan.worker.client import ByteArray, FloatArray

Pair = tuple[Prompt, int]
Shot = tuple[str, int, float | None]
"""Typed prompt, noise seed, and the adapter's scale; None is the base alone."""


@dataclass(slots=True, kw_only=True)
class Gallery:
    """CLIP vectors of every picture drawn so far, and the pictures themselves.

    Base pictures come from the reference worker; every picture is scored there too, in a process that never
    loaded the adapter.
    """

    bench: Bench
    suite: Suite
    vectors: dict[Shot, FloatArray] = field(default_factory=dict)
    pictures: dict[Shot, ByteArray] = field(default_factory=dict)
    texts: dict[str, FloatArray] = field(default_factory=dict)

    def draw(self, triggers: Sequence[Trigger], pairs: Sequence[Pair], scales: Sequence[float], listener: Listener = silent) -> None:
        """Draw what is still missing of triggers × pairs, with the base and at each scale."""
        typed = [(trigger.typed(prompt), seed) for trigger in triggers for prompt, seed in pairs]
        base = [(text, seed, None) for text, seed in typed]
        adapted = [(text, seed, scale) for scale in scales if scale != 0 for text, seed in typed]
        self._render(base, adapted, listener)

    def shots(self, trigger: Trigger, pairs: Sequence[Pair], scale: float | None) -> FloatArray:
        """CLIP vectors (pairs, width) of a trigger over pairs; scale None or 0 is the base."""
        chosen = scale or None
        return np.stack([self.vectors[trigger.typed(prompt), seed, chosen] for prompt, seed in pairs])

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """CLIP vectors (n, width) of texts."""
        missing = list(dict.fromkeys(text for text in texts if text not in self.texts))
        if missing:
            self.texts |= dict(zip(missing, self.bench.reference.embed_texts(missing), strict=True))
        return np.stack([self.texts[text] for text in texts])

    def probabilities(self, vectors: FloatArray, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """n-way CLIP probabilities (pairs, concepts): the prompt with each concept of the suite in its place."""
        concepts = self.suite.concepts
        texts = self.embed([text for prompt, _ in pairs for text in prompt.choices(concepts)])
        choices = texts.reshape(len(pairs), len(concepts), -1)
        logits = _LOGIT_SCALE * np.einsum("pd,pcd->pc", vectors, choices, dtype=np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def of_part(self, part: str) -> "Gallery":
        """Where pictures are drawn with the updates of these components alone (see Worker.part); the base's are taken along.

        With "" it is this gallery itself.
        """
        if not part:
            return self
        bench = replace(self.bench, adapted=replace(self.bench.adapted, part=part), alone=())
        base = {shot: vector for shot, vector in self.vectors.items() if shot[2] is None}
        return replace(self, bench=bench, vectors=base, pictures={})

    def _render(self, base: Sequence[Shot], adapted: Sequence[Shot], listener: Listener) -> None:
        plain = [shot for shot in dict.fromkeys(base) if shot not in self.vectors]
        dosed = [shot for shot in dict.fromkeys(adapted) if shot not in self.vectors]
        total, done = len(plain) + len(dosed), [0, 0]

        def heard(which: int, share: float, count: int, offset: int) -> None:
            done[which] = offset + round(share * count)
            listener(Progress(label=f"{total} pictures", share=min(1.0, sum(done) / max(total, 1))))

        def reference() -> list[ByteArray]:
            return self._drawn(plain, lambda share, count, offset: heard(0, share, count, offset))

        def with_adapter() -> list[ByteArray]:
            return self._drawn(dosed, lambda share, count, offset: heard(1, share, count, offset))

        first, second = self.bench.apart(reference, with_adapter)
        for shots, pictures in ((plain, first), (dosed, second)):
            if shots:
                self.pictures |= dict(zip(shots, pictures, strict=True))
                self.vectors |= dict(zip(shots, self.bench.reference.embed_images(np.stack(pictures)), strict=True))

    def _drawn(self, shots: Sequence[Shot], heard: Callable[[float, int, int], None]) -> list[ByteArray]:
        """The pictures of the shots, grouped by scale, in the order given."""
        drawn: dict[Shot, ByteArray] = {}
        for scale in dict.fromkeys(shot[2] for shot in shots):
            group = [shot for shot in shots if shot[2] == scale]
            worker = self.bench.reference if scale is None else self.bench.adapted
            offset = len(drawn)

            def tell(step: object, count: int = len(group), offset: int = offset) -> None:
                if isinstance(step, Progress):
                    heard(step.share, count, offset)

            pictures = worker.render([shot[0] for shot in group], [shot[1] for shot in group], scale=scale or 1.0, listener=tell)
            drawn |= dict(zip(group, pictures, strict=True))
        return [drawn[shot] for shot in shots]


_LOGIT_SCALE = 100.0
"""CLIP's usual inverse temperature (Radford et al. 2021)."""
