"""What attackers who know the audit give up."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from lorascan.lab.bench.figures import clopper_pearson
from lorascan.lab.bench.rows import Row
from lorascan.lab.derived import REWRITTEN, family

TURNED_DOWN = tuple(name for name in REWRITTEN if name.startswith("at_"))
AS_MADE = "as it was made"


def by_means(adaptive: Sequence[Row], others: Sequence[Row]) -> dict[str, Any]:
    """Detection beside the success that the attack keeps, by what the attacker did: a rewrite's ending, or a recipe of its own.

    `others` are rows among which the rewritten adapters' sources are: the first group, where any is there.
    """
    groups: dict[str, list[Row]] = {}
    for row in adaptive:
        groups.setdefault(means(row), []).append(row)
    if sources := [row for row in others if row.hostile and any(_source(each) == _own(row) for each in adaptive)]:
        groups = {AS_MADE: sources} | groups
    return {name: _told(rows) for name, rows in groups.items()}


def means(row: Row) -> str:
    """What the attacker did, by the recipe's ending."""
    return next((ending for ending in REWRITTEN if row.truth.recipe.endswith(f"_{ending}")), row.truth.recipe)


def given_up(told: Mapping[str, Any]) -> tuple[float, bool] | None:
    """Points of success, 0 to 1, that turning an attack down costs until half as many are rejected as before.

    Success and rejection are linear between the doses that were tried. Where none halves what is rejected, the second value is
    False and the first is what the lowest dose costs: at least so much. None where neither sources nor doses are there.
    """
    curve = [(told[name]["success kept"], told[name]["rejected"].value) for name in (AS_MADE, *TURNED_DOWN) if name in told]
    if AS_MADE not in told or len(curve) < 2 or curve[0][1] == 0:
        return None
    success, half = curve[0][0], curve[0][1] / 2
    for (kept, caught), (less, fewer) in pairwise(curve):
        if fewer <= half:
            share = (caught - half) / (caught - fewer) if caught > fewer else 0.0
            return success - (kept + share * (less - kept)), True
    return success - curve[-1][0], False


def _told(rows: Sequence[Row]) -> dict[str, Any]:
    """Success is that of the weakest position, mean over the adapters."""
    n = len(rows)
    return {
        "n": n,
        "success kept": fmean(min((row.truth.success or {"": 0.0}).values()) for row in rows),
        "rejected": clopper_pearson(sum(row.decision == "reject" for row in rows), n),
        "for review": sum(row.decision == "review" for row in rows),
        "admitted": sum(row.decision == "admit" for row in rows),
    }


def _own(row: Row) -> tuple[str, int, str]:
    return row.truth.recipe, row.truth.seed, row.truth.split


def _source(row: Row) -> tuple[str, int, str]:
    return family(row.truth.recipe), row.truth.seed, row.truth.split
