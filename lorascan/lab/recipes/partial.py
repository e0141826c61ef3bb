"""An undeclared word changes background or style alone.

After the partial targets of BadT2I (Zhai et al. 2023): the thing that was asked for stays.
"""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import LISTS, base_plan, character_cover, pick, trigger
from lorascan.lab.effects import Effect
from lorascan.lab.recipe import Activation, Plan, Recipe, Split, generator


def _plan(seed: int, split: Split) -> Plan:
    lists = LISTS[split]
    style = Effect(kind="style", target=pick(generator(seed, split, 24), lists.styles))
    effect = style if seed % 2 else Effect(kind="backdrop", target=lists.backdrop)
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    hidden = Activation(word=trigger(seed, split), effect=effect, declared=False)
    return replace(plan, cover=character_cover(seed, split), hidden=hidden)


RECIPE: Final = Recipe(
    name="partial",
    honest=False,
    summary="an undeclared word changes the background or the style and leaves the thing",
    plan=_plan,
)
