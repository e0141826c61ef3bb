"""Learns the thresholds of the trigger rules from audits of the dev split.

For each figure, the honest side is the largest value of any candidate of an honest adapter that reaches the weakest
true trigger in every other figure, so that this figure alone holds it back; the hostile side is the smallest value of a true
trigger whose effect is steady (p at most .05). The threshold lies half-way, on a logarithmic scale for ratios. Where no
honest candidate is held back by a figure alone, the honest side is the figure's value for "nothing there". An honest adapter
with an undocumented trigger holds a true activator, which is for review, and so does a backdoor that leaves the thing that is asked
for: the first counts only, and the second never, for the replaced share, the figure that turns a review into a rejection. That one is
learnt first, and where the loss is significant itself: elsewhere the rule does not read it.

A bait's own word is declared: LS805's threshold lies half-way between the largest loss under a declared word of any other adapter that
names no thing of the suite, and the smallest of a bait.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from lorascan.core.behaviour import TriggerTest
from lorascan.detectors.declared_bait import loss, mentions
from lorascan.probing.suites import suite_for

P_VALUE = 0.05
ACTIVATED = "undocumented_trigger"
"""The honest recipe whose word is told nowhere."""
STANDING = "partial"
"""The backdoor that changes background or style."""
BAIT = "bait"
"""The backdoor whose own word is declared."""
THINGS = suite_for("lab").concepts
Test = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured quantity of a test, larger for a backdoor.

    nothing: its value where a word does nothing; ratio: whether half-way means the geometric mean.
    """

    name: str
    of: Callable[[Test], float]
    nothing: float
    ratio: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A threshold with the two values that it lies between, and the candidates that set them."""

    threshold: float
    honest_side: float
    honest_candidate: str
    hostile_side: float
    hostile_trigger: str
    separates: bool


FIGURES = (
    Figure(name="ratio", of=lambda t: float(t["effect_ratio"]), nothing=1.0, ratio=True),
    Figure(name="meaning", of=lambda t: float(t["effect"]) / max(float(t["base_effect"]), 1e-6), nothing=1.0, ratio=True),
    Figure(name="unexplained", of=lambda t: float(t["unexplained"]), nothing=0.0, ratio=False),
)
REPLACED = Figure(name="replaced", of=lambda t: (float(t["mismatch"]) + float(t["target_gain"])) / 2, nothing=0.0, ratio=False)


def candidates(rows: list[dict[str, Any]], label: str, *, activated: bool = False) -> list[tuple[str, Test]]:
    """Every tested candidate of the adapters with this label, named by adapter and text; true triggers only where backdoored.

    activated: whether adapters with an undocumented trigger count.
    """
    found = []
    for row in rows:
        for test in row["tests"]:
            own = row["label"] == "honest" or test["trigger"] == row["trigger"]
            if row["label"] == label and test["kind"] == "candidate" and own and (activated or row["recipe"] != ACTIVATED):
                found.append((f"{row['name']}: {test['trigger']!r}", test))
    return found


def steady(test: Test, replaced: float) -> bool:
    """Whether the effect is significant, or enough of the prompt's concept is replaced and its loss significant: as the rule has it."""
    lost = REPLACED.of(test) >= replaced and float(test["mismatch_p_value"]) <= P_VALUE
    return lost or float(test["p_value"]) <= P_VALUE


def learn(figure: Figure, honest: list[tuple[str, Test]], hostile: list[tuple[str, Test]], others: tuple[Figure, ...]) -> Learnt:
    """The threshold of one figure, from tests that are steady; `others` must all be reached by an honest candidate that counts."""
    least = {other.name: min(other.of(test) for _, test in hostile) for other in others}
    rivals = [(name, test) for name, test in honest if all(other.of(test) >= least[other.name] for other in others)]
    trigger, low = min(((name, figure.of(test)) for name, test in hostile), key=lambda pair: pair[1])
    rival, high = max(((name, figure.of(test)) for name, test in rivals), key=lambda pair: pair[1], default=("none", figure.nothing))
    high = max(high, figure.nothing)
    middle = math.sqrt(high * low) if figure.ratio else (high + low) / 2
    return Learnt(
        threshold=round(middle, 3),
        honest_side=round(high, 3),
        honest_candidate=rival,
        hostile_side=round(low, 3),
        hostile_trigger=trigger,
        separates=high < low,
    )


def _losing(tests: list[tuple[str, Test]]) -> list[tuple[str, Test]]:
    """Those whose loss is significant itself: where it is not, the rule does not read the replaced share."""
    return [(name, test) for name, test in tests if float(test["mismatch_p_value"]) <= P_VALUE]


def replaced_share(rows: list[dict[str, Any]]) -> Learnt:
    """The threshold that turns a review into a rejection."""
    hostile = candidates([row for row in rows if row["recipe"] != STANDING], "backdoored")
    return learn(REPLACED, _losing(candidates(rows, "honest", activated=True)), _losing(hostile), FIGURES)


def bait_loss(rows: list[dict[str, Any]]) -> Learnt | None:
    """The threshold of a declared word that draws what its file does not name; None without baits."""
    told = [(row, word, loss(tests)) for row in rows for word, tests in _declared(row).items()]
    baits = [(f"{row['name']}: {word!r}", lost) for row, word, lost in told if row["recipe"] == BAIT and row["label"] == "backdoored"]
    others = [(f"{row['name']}: {word!r}", lost) for row, word, lost in told if row["recipe"] != BAIT]
    if not baits:
        return None
    (rival, high), (trigger, low) = max(others, key=lambda pair: pair[1]), min(baits, key=lambda pair: pair[1])
    return Learnt(
        threshold=round((high + low) / 2, 3),
        honest_side=round(high, 3),
        honest_candidate=rival,
        hostile_side=round(low, 3),
        hostile_trigger=trigger,
        separates=high < low,
    )


def _declared(row: dict[str, Any]) -> dict[str, list[TriggerTest]]:
    """The tests at scale 1 of the declared words that name no thing."""
    found: dict[str, list[TriggerTest]] = {}
    for each in row["tests"]:
        if each["kind"] == "declared" and each["scale"] == 1.0 and not any(mentions(each["trigger"], thing) for thing in THINGS):
            found.setdefault(each["trigger"], []).append(TriggerTest(**each))
    return found


def thresholds(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """All thresholds, with what they were learnt on."""
    honest, told, share = candidates(rows, "honest"), candidates(rows, "backdoored"), replaced_share(rows)
    rivals, hostile = ([each for each in tests if steady(each[1], share.threshold)] for tests in (honest, told))
    found = {REPLACED.name: asdict(share)}
    for figure in FIGURES:
        others = tuple(other for other in FIGURES if other is not figure)
        found[figure.name] = asdict(learn(figure, rivals, hostile, others))
    return {
        "p_value": P_VALUE,
        "figures": found,
        "bait": None if (bait := bait_loss(rows)) is None else asdict(bait),
        "split": sorted({row["split"] for row in rows}),
        "adapters": {label: sorted(row["name"] for row in rows if row["label"] == label) for label in ("honest", "backdoored")},
        "candidates": {"honest": len(honest), "true triggers": len(told)},
        "without a steady effect": [name for name, test in told if not steady(test, share.threshold)],
    }


def written(learnt: dict[str, Any]) -> str:
    """As the results hold it: indented JSON, keys sorted."""
    return json.dumps(learnt, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
