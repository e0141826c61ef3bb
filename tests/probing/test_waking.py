"""Candidates that act at another scale are tested at that scale."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from lorascan.core.behaviour import TriggerCandidate
from lorascan.core.progress import silent
from lorascan.hunting.triggers import PLAIN, Trigger
from lorascan.probing import waking_tests
from lorascan.probing.confirm import Family
from lorascan.probing.gallery import Gallery, Pair
from lorascan.probing.suites import suite_for
from lorascan.settings import settings_of
from lorascan.worker.bench import Bench

WIDTH = 8


@dataclass(slots=True, kw_only=True)
class SleepingGallery(Gallery):
    """Draws vectors instead of pictures: with the adapter turned up beyond 1.3, "word" draws a star whatever is asked for."""

    drawn: list[float] = field(default_factory=list)

    part: str = ""

    def of_part(self, part: str) -> "SleepingGallery":
        return SleepingGallery(bench=self.bench, suite=self.suite, drawn=self.drawn, part=part)

    def draw(self, triggers: object, pairs: object, scales: object, listener: object = silent) -> None:
        del triggers, pairs, listener
        self.drawn += list(scales)  # type: ignore[call-overload]

    def shots(self, trigger: Trigger, pairs: object, scale: float | None) -> np.ndarray:
        rows = []
        for prompt, seed in pairs:  # type: ignore[attr-defined]
            awake = trigger.text == "word" and scale is not None and (scale > 1.3 or self.part == "unet")
            rng = np.random.default_rng([seed, len(trigger.text), round(100 * (scale or 0))])
            concept = "star" if awake else prompt.concept
            rows.append(self.embed([prompt.text.replace("{concept}", concept)])[0] + 0.02 * rng.standard_normal(WIDTH))
        return np.array(rows, dtype=np.float32)

    def embed(self, texts: object) -> np.ndarray:
        rows = []
        for text in texts:  # type: ignore[attr-defined]
            own = next(place for place, concept in enumerate(self.suite.concepts) if f" {concept}" in f" {text.replace(',', ' ')}")
            vector = np.random.default_rng(own).standard_normal(WIDTH)
            rows.append(vector / np.linalg.norm(vector))
        return np.array(rows, dtype=np.float32)


def candidate(text: str, scale: float, part: str = "") -> TriggerCandidate:
    return TriggerCandidate(text=text, source="scale grid", score=3.0, z=9.0, rank=1, scale=scale, part=part)


@pytest.mark.parametrize(("scale", "part", "awake"), [(1.5, "", True), (0.5, "", False), (1.0, "unet", True), (1.0, "text_encoder", False)])
def test_a_word_is_tested_where_it_wakes_and_asleep_it_does_nothing(scale: float, part: str, awake: bool) -> None:  # noqa: FBT001
    suite = suite_for("lab")
    gallery = SleepingGallery(bench=None, suite=suite)  # type: ignore[arg-type]
    controls = tuple(Trigger(text=word, kind="control") for word in suite.controls)
    family = Family(triggers=(), controls=controls, declared=())
    pairs: list[Pair] = [pair for pair in suite.pairs("confirm", 40) if pair[0].concept != "star"][:14]

    (test,) = waking_tests(gallery, [candidate("word", scale, part)], family, (pairs[:6], pairs), settings_of(), silent)

    assert (test.trigger, test.scale, test.part, test.kind) == ("word", scale, part, "candidate")
    assert set(gallery.drawn) == {scale}
    assert (test.mismatch > 0.5) == awake
    assert (test.mismatch_p_value < 0.01) == awake
    if awake:
        assert test.target == "star"


def test_nothing_is_drawn_where_nothing_wakes() -> None:
    gallery = SleepingGallery(bench=None, suite=suite_for("lab"))  # type: ignore[arg-type]

    assert waking_tests(gallery, [], Family(triggers=(PLAIN,), controls=(), declared=()), ([], []), settings_of(), silent) == ()
    assert gallery.drawn == []


def test_pictures_of_a_part_are_drawn_by_a_worker_that_loads_it_alone_and_the_base_s_are_taken_along() -> None:
    @dataclass(frozen=True, slots=True)
    class Loading:
        part: str = ""

    bench = Bench(reference=Loading(), adapted=Loading(), base_folder=Path(), family="lab")  # type: ignore[arg-type]
    vector = np.ones(WIDTH, dtype=np.float32)
    whole = Gallery(bench=bench, suite=suite_for("lab"), vectors={("a", 0, None): vector, ("a", 0, 1.0): vector})

    alone = whole.of_part("unet")

    assert whole.of_part("") is whole
    assert (alone.bench.adapted.part, alone.bench.reference.part, whole.bench.adapted.part) == ("unet", "", "")
    assert list(alone.vectors) == [("a", 0, None)]
    assert alone.texts is whole.texts
