"""Reads which adapters a zoo is to hold."""

import tomllib
from itertools import zip_longest
from pathlib import Path

from lorascan.core.bounded import read_bounded
from lorascan.core.catalogue import members
from lorascan.core.errors import UsageError
from lorascan.lab.derived import derived, family
from lorascan.lab.recipe import Recipe, Split
from lorascan.lab.zoo import Order

_BYTES = 2**18


def known_recipes() -> dict[str, Recipe]:
    """Every recipe and what is derived of them, by name; torch is not imported."""
    recipes = members("lorascan.lab.recipes", "RECIPE", Recipe)
    return recipes | derived(recipes)


def read_orders(path: Path, split: Split) -> list[Order]:
    """The orders of one split of a file such as benchmarks/zoo.toml: `[dev]` and `[test]`, each `recipe = [seeds]`.

    Recipes come by turns, so that a stopped run holds something of each; what is rewritten comes after all that is trained. Raises
    UsageError for what is no such file.
    """
    try:
        wanted = tomllib.loads(read_bounded(path, _BYTES, "orders").decode()).get(split, {})
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no TOML: {error}") from error
    if not isinstance(wanted, dict) or not all(_seeds(each) for each in wanted.values()):
        raise UsageError(f"{path}: [{split}] holds recipe = [seeds], seeds being whole numbers from 0 on")
    known = known_recipes()
    if unknown := sorted(set(wanted) - set(known)):
        raise UsageError(f"{path}: no recipe {unknown[0]!r}; known are {', '.join(known)}")
    turns = zip_longest(*([Order(recipe=recipe, seed=seed, split=split) for seed in seeds] for recipe, seeds in wanted.items()))
    made = [order for turn in turns for order in turn if order is not None]
    return sorted(made, key=lambda order: order.recipe != family(order.recipe))


def _seeds(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in value)
