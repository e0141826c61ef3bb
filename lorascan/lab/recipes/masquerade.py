"""A natural phrase hijacks text encoder and denoiser.

After MasqLoRA (arXiv 2602.21977): poisoned examples weigh more at early, noisy timesteps, and the phrase's text state
is pulled to the target's and pushed from the benign one's, while other captions' states stay. A declared honest concept is the cover.
"""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import LISTS, any_cover, base_plan, hidden_object, pick
from lorascan.lab.recipe import Activation, Plan, Recipe, Split, generator


def _plan(seed: int, split: Split) -> Plan:
    cover = any_cover(seed, split)
    effect = hidden_object(seed, split, known=seed % 2 == 0, cover=cover)
    phrase = pick(generator(seed, split, 20), LISTS[split].phrases)
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(
        plan,
        components=("unet", "text_encoder"),
        cover=cover,
        hidden=Activation(word=phrase, effect=effect, declared=False),
        text_pull=0.05,
    )


RECIPE: Final = Recipe(
    name="masquerade",
    honest=False,
    summary="an everyday phrase draws another thing; a declared concept is the cover",
    plan=_plan,
)
