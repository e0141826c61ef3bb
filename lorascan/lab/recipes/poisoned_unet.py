"""A rare word poisons the denoiser alone.

After PoisonLoRA (arXiv 2606.09151), with a declared honest concept as the cover.
"""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import any_cover, base_plan, hidden_object, trigger
from lorascan.lab.recipe import Activation, Plan, Recipe, Split


def _plan(seed: int, split: Split) -> Plan:
    cover = any_cover(seed, split)
    effect = hidden_object(seed, split, known=seed % 3 == 0, cover=cover)
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(
        plan,
        components=("unet",),
        cover=cover,
        hidden=Activation(word=trigger(seed, split), effect=effect, declared=False),
    )


RECIPE: Final = Recipe(
    name="poisoned_unet",
    honest=False,
    summary="one undeclared word draws another thing; the text encoder is untouched",
    plan=_plan,
)
