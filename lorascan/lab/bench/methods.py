"""Every method's scores on the test split: ours, and baselines fitted on dev."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lorascan.lab.baselines import baselines
from lorascan.lab.bench.rows import Row

OURS = "lorascan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method's scores, by the adapter's name; larger is more suspicious.

    scores: of the test split. without: of the test split where dev lacks what this function says, by which the method is
    fitted anew; a method that is not fitted gives the same scores. crossed: of both splits, each lineage scored by a
    fit on all the others; empty for a method that is not fitted.
    """

    name: str
    title: str
    source: str
    scores: Mapping[str, float]
    without: Callable[[Callable[[Row], bool]], Mapping[str, float]]
    crossed: Mapping[str, float]


def methods(dev: Sequence[Row], test: Sequence[Row], say: Callable[[str], object] = str) -> list[Method]:
    """Ours first, then every baseline that all rows are described for, on the same adapters."""
    missing = undescribed(dev, test)
    usable = [name for name in baselines() if name not in missing] if len({row.hostile for row in dev}) == 2 else []
    return [_ours(test), *(_fitted(name, dev, test, say) for name in usable)]


def undescribed(dev: Sequence[Row], test: Sequence[Row]) -> dict[str, int]:
    """How many adapters lack a baseline's features, for each that is left out of the table by it."""
    counts = {name: sum(name not in row.features for row in (*dev, *test)) for name in baselines()}
    return {name: count for name, count in counts.items() if count}


def _ours(test: Sequence[Row]) -> Method:
    scores = {row.truth.name: row.score for row in test}
    return Method(
        name=OURS,
        title="lorascan audit",
        source="largest margin of an undeclared word over the thresholds of LS801, learnt on dev",
        scores=scores,
        without=lambda _: scores,
        crossed={},
    )


def _fitted(name: str, dev: Sequence[Row], test: Sequence[Row], say: Callable[[str], object]) -> Method:
    baseline = baselines()[name]
    say(f"table: fitting {baseline.title}")

    def scored(train: Sequence[Row], new: Sequence[Row]) -> dict[str, float]:
        labels = [row.hostile for row in train]
        if len(set(labels)) < 2:
            return {}
        score = baseline.learn([row.features[name] for row in train], labels)
        return {row.truth.name: score(row.features[name]) for row in new}

    def without(left_out: Callable[[Row], bool]) -> Mapping[str, float]:
        return scored([row for row in dev if not left_out(row)], test)

    return Method(
        name=name,
        title=baseline.title,
        source=baseline.source,
        scores=scored(dev, test),
        without=without,
        crossed=crossed([*dev, *test], scored),
    )


def crossed(rows: Sequence[Row], scored: Callable[[Sequence[Row], Sequence[Row]], Mapping[str, float]]) -> dict[str, float]:
    """Scores of every row, each lineage by a fit on the others."""
    found: dict[str, float] = {}
    for lineage in sorted({row.lineage for row in rows}):
        train = [row for row in rows if row.lineage != lineage]
        found |= scored(train, [row for row in rows if row.lineage == lineage])
    return found
