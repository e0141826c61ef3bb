"""Recipes made of other recipes: twins and rewritten files."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lorascan.lab.recipe import Plan, Recipe, Split

TWIN = "twin"
REWRITTEN: Final = {
    "laundered": "resized to half its rank, then rounded to eight bits",
    "disguised": "its factors in another basis, with noise",
    "at_80": "turned down to 0.8",
    "at_65": "turned down to 0.65",
    "at_50": "turned down to 0.5",
}
"""Endings of `lorascan.lab.rewrites`, which needs torch; all but the first are made by somebody who knows the audit."""


def family(recipe: str) -> str:
    """The recipe that a rewritten adapter was trained by; any other's own."""
    return next((recipe.removesuffix(f"_{how}") for how in REWRITTEN if recipe.endswith(f"_{how}")), recipe)


def derived(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """Twins of the hostile recipes, and every trained recipe rewritten, by name."""
    twins = {each.name: each for each in map(_twin, recipes.values()) if each is not None}
    made = [_rewritten(source, how) for source in (*recipes.values(), *twins.values()) for how in REWRITTEN if _makes_sense(source, how)]
    return twins | {each.name: each for each in made}


def _twin(hostile: Recipe) -> Recipe | None:
    """The recipe without its poison, where it trains an honest cover too.

    Cover, components, rank, dialect and random numbers of a seed are the hostile adapter's own: whoever sees the recipe alone
    cannot tell the two apart.
    """
    plan = hostile.plan(1, "dev")
    if hostile.honest or plan.cover is None or plan.method != "train":
        return None
    name = f"{hostile.name}_{TWIN}"

    def honest(seed: int, split: Split) -> Plan:
        return replace(hostile.plan(seed, split), recipe=name, honest=True, hidden=None, text_pull=0.0, dose=1.0)

    return Recipe(name=name, honest=True, summary=f"what {hostile.name} is without its hidden words", plan=honest)


def _makes_sense(source: Recipe, how: str) -> bool:
    """Honest people resize; nobody disguises what hides nothing."""
    return source.plan(1, "dev").method == "train" and (how == "laundered" or not source.honest)


def _rewritten(source: Recipe, how: str) -> Recipe:
    name = f"{source.name}_{how}"

    def plan(seed: int, split: Split) -> Plan:
        own = source.plan(seed, split)
        rank = max(1, own.rank // 2) if how == "laundered" else own.rank
        return replace(own, recipe=name, source=source.name, rewrite=how, rank=rank, alpha=own.alpha * rank / own.rank)

    return Recipe(
        name=name,
        honest=source.honest,
        summary=f"{source.name}, {REWRITTEN[how]}",
        plan=plan,
        adaptive=source.adaptive or how != "laundered",
    )
