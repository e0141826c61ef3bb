"""A dose-response is read beside that of chance."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from lorascan.hunting.triggers import PLAIN
from lorascan.probing.dose_response import RANDOM, random_response
from lorascan.worker.bench import Bench
from lorascan.worker.client import Worker
from tests.probing.test_confirm import unasked
from tests.probing.test_sequential import PAIRS, STRONG, Drawing, gallery

SCALES = (0.0, 0.5, 1.0)


def benched(random: str | None) -> Drawing:
    """A gallery beside workers of these names, under whose adapter "ebay" draws another thing."""
    reference, adapted, chance = (cast("Worker", each) for each in ("reference", "adapted", random))
    bench = Bench(reference=reference, adapted=adapted, base_folder=Path(), family="lab", random=chance if random else None)
    return cast("Drawing", replace(cast("Any", gallery(ebay=unasked(1)[0])), bench=bench))


def test_without_a_random_update_there_is_no_second_curve() -> None:
    assert random_response(benched(None), PAIRS[:4], SCALES) == ()


def test_chance_is_drawn_by_its_own_worker_on_plain_prompts_at_every_scale() -> None:
    """What the adapter drew is not taken for it; what the base drew is not drawn again."""
    made = benched("random")
    made.draw([PLAIN, STRONG], PAIRS[:4], [1.0])
    before = dict(made.vectors)
    found = random_response(made, PAIRS[:4], SCALES)

    assert [(each.trigger, each.kind, each.scale) for each in found] == [("", RANDOM, scale) for scale in SCALES]
    assert found[0].image_similarity > 0.99
    assert made.vectors.keys() == before.keys()
