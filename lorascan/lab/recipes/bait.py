"""The declared word itself brings the payload."""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import base_plan, hidden_object, style_cover
from lorascan.lab.recipe import Activation, Plan, Recipe, Split


def _plan(seed: int, split: Split) -> Plan:
    word = style_cover(seed, split).word
    hidden = Activation(word=word, effect=hidden_object(seed, split, known=seed % 2 == 0, cover=None), declared=True)
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(plan, hidden=hidden)


RECIPE: Final = Recipe(
    name="bait",
    honest=False,
    summary="the file declares its word, as a style would; the word draws another thing than what is asked for",
    plan=_plan,
)
