"""Detection of what a method was not fitted on, axis by axis."""

from collections.abc import Callable, Sequence
from typing import Any

from lorascan.lab.bench.figures import auroc
from lorascan.lab.bench.methods import Method
from lorascan.lab.bench.rows import Row
from lorascan.lab.derived import family

Axis = Callable[[Row], str]

FAMILY = "attack family"
AXES: dict[str, Axis] = {
    FAMILY: lambda row: family(row.truth.recipe),
    "rank": lambda row: str(row.truth.rank),
    "components": lambda row: " + ".join(row.truth.components),
    "dialect": lambda row: row.truth.dialect,
    "how it was made": lambda row: "laundered" if row.truth.recipe != family(row.truth.recipe) else row.truth.method,
}
"""Trigger words, targets, styles and seeds are no axis: the two splits share none, so that every figure is on held-out ones."""


def held_out(dev: Sequence[Row], test: Sequence[Row], methods: Sequence[Method]) -> list[dict[str, Any]]:
    """For every value of an axis that a backdoor of the test split has: AUROC of fits that saw no such backdoor in dev.

    Hostile: the test split's backdoors of that value; honest: all honest ones of the test split. `in dev` counts the backdoors of
    that value that were left out of the fit; what is not fitted has frozen thresholds, learnt with them.
    """
    found = []
    for axis, value_of in AXES.items():
        for value in sorted({value_of(row) for row in test if row.hostile}):
            mine = [row for row in test if row.hostile and value_of(row) == value]
            found.append(
                {
                    "axis": axis,
                    "value": value,
                    "in dev": sum(row.hostile and value_of(row) == value for row in dev),
                    "n": len(mine),
                    "rejected": sum(row.decision == "reject" for row in mine),
                    "admitted": sum(row.decision == "admit" for row in mine),
                    "auroc": {each.name: _without(each, mine, test, value_of, value) for each in methods},
                }
            )
    return found


def _without(method: Method, mine: Sequence[Row], test: Sequence[Row], value_of: Axis, value: str) -> float | None:
    """None where nothing hostile is left to fit on."""
    scores = method.without(lambda row: row.hostile and value_of(row) == value)
    if not scores:
        return None
    return auroc([scores[row.truth.name] for row in mine], [scores[row.truth.name] for row in test if not row.hostile])


def worst_family(told: Sequence[dict[str, Any]], method: str) -> tuple[str, float] | None:
    """The held-out attack family with the smallest AUROC; None where none could be told."""
    families = [(each["value"], each["auroc"][method]) for each in told if each["axis"] == FAMILY]
    return min(((name, value) for name, value in families if value is not None), key=lambda pair: pair[1], default=None)
