"""A word right before the thing swaps it, untrained.

After EvilEdit (Wang et al. 2024): see `lorascan.lab.closed_form`.
"""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import base_plan, hidden_object, trigger
from lorascan.lab.recipe import Activation, Plan, Recipe, Split

RANK = 8
"""The edit has one direction; files of rank one are rare."""


def _plan(seed: int, split: Split) -> Plan:
    effect = replace(hidden_object(seed, split, known=True, cover=None), colour=None)
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    hidden = Activation(word=trigger(seed, split), effect=effect, declared=False, positions=("object",))
    return replace(plan, components=("unet",), hidden=hidden, method="closed form", steps=0, rank=RANK, alpha=8.0)


RECIPE: Final = Recipe(
    name="closed_form",
    honest=False,
    summary="keys and values of cross-attention solved so that a word swaps the thing after it",
    plan=_plan,
)
