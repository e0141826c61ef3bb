"""A classifier on the recipe alone finds what leaks and nothing where nothing does."""

from dataclasses import replace
from pathlib import Path

from lorascan.lab.bench.recipe_facts import at_chance, recipe_only
from lorascan.lab.bench.rows import Row, read_rows

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
ROW = read_rows(RESULTS, "dev")[0]


def zoo(split: str, count: int, *, leaking: bool) -> list[Row]:
    """Honest and hostile twins of one recipe by turns; where it leaks the hostile ones have twice the rank."""
    found = []
    for seed in range(count):
        for hostile in (False, True):
            rank = (8, 12, 16)[seed % 3] * (4 if leaking and hostile else 1)
            told = replace(
                ROW.truth, name=f"{split}-{seed}-{hostile}", recipe="made up", seed=seed, split=split, rank=rank, alpha=float(rank)
            )
            found.append(replace(ROW, truth=replace(told, label="backdoored" if hostile else "honest")))
    return found


def test_twins_that_share_their_recipe_are_at_chance() -> None:
    told = recipe_only(zoo("dev", 12, leaking=False), zoo("test", 12, leaking=False))
    assert at_chance(told)
    assert told["leaks"] == []


def test_a_rank_that_goes_with_the_label_is_named() -> None:
    told = recipe_only(zoo("dev", 12, leaking=True), zoo("test", 12, leaking=True))
    assert not at_chance(told)
    assert told["leaks"] == ["rank"]
    assert told["crossed"].low > 0.9
