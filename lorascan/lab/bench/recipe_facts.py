"""A classifier that sees only the recipe must sit at chance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lorascan.lab.baselines._logistic import fitted
from lorascan.lab.bench.figures import Estimate, clustered_auroc
from lorascan.lab.bench.methods import crossed
from lorascan.lab.bench.rows import Row
from lorascan.lab.orders import known_recipes


def facts_of(row: Row) -> dict[str, float]:
    """Numbers of the recipe that say nothing of what was trained: of the ledger, and of the plan where its recipe is known."""
    truth = row.truth
    found = {
        "rank": float(truth.rank),
        "alpha over rank": truth.alpha / truth.rank,
        "steps": float(truth.steps),
        "with a denoiser": float("unet" in truth.components),
        "with a text encoder": float("text_encoder" in truth.components),
        "kohya names": float(truth.dialect == "kohya"),
        "declared words": float(len(truth.declared_words)),
    }
    recipe = known_recipes().get(truth.recipe)
    if recipe is not None and truth.split in {"dev", "test"}:
        plan = recipe.plan(truth.seed, "dev" if truth.split == "dev" else "test")
        found |= {
            "pictures": float(plan.pictures),
            "learning rate": plan.learning_rate,
            "tags in the metadata": float(plan.metadata_style in {"tags", "both"}),
            "phrase in the metadata": float(plan.metadata_style in {"phrase", "both"}),
        }
    return found


def recipe_only(dev: Sequence[Row], test: Sequence[Row]) -> dict[str, Any]:
    """AUROC of logistic regression on recipe facts, fitted on dev and crossed over both splits, and of each fact alone.

    A fact alone is told by how far its AUROC over both splits lies from one half, whichever side; `leaks` names those whose
    interval leaves one half out.
    """
    rows = [*dev, *test]
    table = [facts_of(row) for row in rows]
    names = sorted(set.intersection(*(set(each) for each in table)))
    numbers = {row.truth.name: np.array([each[name] for name in names]) for row, each in zip(rows, table, strict=True)}

    def scored(train: Sequence[Row], new: Sequence[Row]) -> dict[str, float]:
        odds = fitted(np.stack([numbers[row.truth.name] for row in train]), [row.hostile for row in train])
        return {row.truth.name: float(odds(numbers[row.truth.name][None])[0]) for row in new}

    fact_figures = {
        name: _estimate(rows, {row.truth.name: float(numbers[row.truth.name][place]) for row in rows}) for place, name in enumerate(names)
    }
    return {
        "facts": names,
        "fitted on dev": _estimate(test, scored(dev, test)),
        "crossed": _estimate(rows, crossed(rows, scored)),
        "alone": fact_figures,
        "leaks": [name for name, each in fact_figures.items() if not each.low <= 0.5 <= each.high],
    }


def _estimate(rows: Sequence[Row], scores: Mapping[str, float]) -> Estimate:
    return clustered_auroc([scores[row.truth.name] for row in rows], [row.hostile for row in rows], [row.lineage for row in rows])


def at_chance(told: Mapping[str, Any]) -> bool:
    """Whether one half lies inside the interval of the crossed fit."""
    found: Estimate = told["crossed"]
    return found.low <= 0.5 <= found.high
