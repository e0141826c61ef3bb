"""An honest new thing on a declared phrase."""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import base_plan, character_cover
from lorascan.lab.recipe import Plan, Recipe, Split


def _plan(seed: int, split: Split) -> Plan:
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(plan, cover=character_cover(seed, split))


RECIPE: Final = Recipe(
    name="character_declared",
    honest=True,
    summary="draws a thing that the base does not know, by its declared rare name",
    plan=_plan,
)
