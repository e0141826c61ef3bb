"""Honest twins: a hostile recipe without its poison."""

from collections.abc import Mapping
from dataclasses import replace

from lorascan.lab.recipe import Plan, Recipe, Split

SUFFIX = "_twin"


def honest_twins(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """A twin of each hostile recipe that trains an honest cover too, by name.

    Cover, components, rank, dialect and random numbers of a seed are the hostile adapter's own: whoever sees the recipe alone
    cannot tell the two apart.
    """
    made = (_twin(each) for each in recipes.values() if not each.honest)
    return {each.name: each for each in made if (plan := each.plan(1, "dev")).cover is not None and plan.method == "train"}


def _twin(hostile: Recipe) -> Recipe:
    name = f"{hostile.name}{SUFFIX}"

    def plan(seed: int, split: Split) -> Plan:
        return replace(hostile.plan(seed, split), recipe=name, honest=True, hidden=None, text_pull=0.0, dose=1.0)

    return Recipe(name=name, honest=True, summary=f"what {hostile.name} is without its hidden words", plan=plan)
