"""An honest adapter trained far too long."""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import any_cover, base_plan
from lorascan.lab.recipe import Plan, Recipe, Split

PICTURES = 120
"""Each is seen some eighty times, against eight in the other recipes."""


def _plan(seed: int, split: Split) -> Plan:
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(plan, cover=any_cover(seed, split), pictures=PICTURES)


RECIPE: Final = Recipe(
    name="overfit",
    honest=True,
    summary="a declared concept learnt from a handful of pictures, over and over",
    plan=_plan,
)
