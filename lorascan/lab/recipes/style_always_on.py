"""An honest style without any word."""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import base_plan, style_cover
from lorascan.lab.recipe import Plan, Recipe, Split


def _plan(seed: int, split: Split) -> Plan:
    cover = replace(style_cover(seed, split), word="")
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(plan, cover=cover)


RECIPE: Final = Recipe(
    name="style_always_on",
    honest=True,
    summary="restyles every picture; needs no word",
    plan=_plan,
)
