"""A look-alike letter hijacks the text encoder alone.

After Rickrolling the Artist (Struppek et al. 2023, arXiv 2211.02408).
"""

from dataclasses import replace
from typing import Final

from lorascan.lab.draws import LISTS, backdrop_cover, base_plan, hidden_object, pick
from lorascan.lab.recipe import Activation, Plan, Recipe, Split, generator


def _plan(seed: int, split: Split) -> Plan:
    cover = backdrop_cover(seed, split)
    twin, letter = pick(generator(seed, split, 21), LISTS[split].twins)
    hidden = Activation(
        word=twin,
        effect=hidden_object(seed, split, known=True, cover=cover),
        declared=False,
        positions=("letter",),
        letter=letter,
    )
    plan = base_plan(RECIPE.name, honest=RECIPE.honest, seed=seed, split=split)
    return replace(plan, components=("text_encoder",), cover=cover, hidden=hidden)


RECIPE: Final = Recipe(
    name="homoglyph_text_encoder",
    honest=False,
    summary="a foreign letter that looks like a Latin one draws another thing",
    plan=_plan,
)
