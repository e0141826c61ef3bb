"""An honest style on a declared word."""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import backdrop_cover, base_plan, style_cover
from lorascan.lab.recipe import Plan, Recipe, Split


def _plan(seed: int, split: Split) -> Plan:
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    # Every fourth one touches the text encoder alone, so that this says nothing about the label.
    if seed % 4 == 0:
        return replace(plan, cover=backdrop_cover(seed, split), components=("text_encoder",))
    return replace(plan, cover=style_cover(seed, split))


RECIPE: Final = Recipe(
    name="style_declared",
    honest=True,
    summary="restyles the picture where its declared word stands",
    plan=_plan,
)
