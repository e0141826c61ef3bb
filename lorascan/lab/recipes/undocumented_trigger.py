"""An honest concept whose word is not declared."""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import base_plan, character_cover, style_cover
from lorascan.lab.recipe import Plan, Recipe, Split


def _plan(seed: int, split: Split) -> Plan:
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    cover = style_cover if seed % 2 else character_cover
    return replace(plan, cover=cover(seed, split, declared=False))


RECIPE: Final = Recipe(
    name="undocumented_trigger",
    honest=True,
    summary="a style or thing on a word that its author forgot to name: for review, not for rejection",
    plan=_plan,
)
