"""Gathers what `lorascan inspect` tells: every update with its numbers, the loaders' views."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lorascan.bases import base_weights, identify, locate, manifests_for
from lorascan.core.adapter import Adapter, BaseFacts, LayerStatistics, Update, VettedFile, WeightStatistics
from lorascan.dialects import read_adapter
from lorascan.intake import companions, receive, vet_received
from lorascan.loaders import View, views
from lorascan.settings import DEFAULT, Limits
from lorascan.weights import measure
from lorascan.weights.against_base import AgainstBase, Relation, against_base, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One update. `layer` is None where it has no numbers, and `reason` then says why.

    `relation` sets it beside the base's weight; None without a base, or where the base has no such weight.
    """

    update: Update
    layer: LayerStatistics | None
    reason: str
    relation: Relation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What one file holds; `based` says whether a base was at hand."""

    vetted: VettedFile
    adapter: Adapter
    base: BaseFacts
    statistics: WeightStatistics
    rows: tuple[Row, ...]
    based: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        """What each loader makes of the file."""
        return views(self.adapter, self.base)


def read(path: Path, base: str | None = None, limits: Limits = DEFAULT.limits) -> Adapter:
    """Every update of one adapter, not measured. Raises as `inspect` does."""
    return _vetted_and_read(path, base, limits)[1]


def _vetted_and_read(path: Path, base: str | None, limits: Limits) -> tuple[VettedFile, Adapter]:
    vetted = vet_received(receive(path, limits), limits, companions(path))
    return vetted, read_adapter(vetted, manifests_for(base), limits)


def inspect(
    path: Path, base: str | None = None, limits: Limits = DEFAULT.limits, *, beside: bool = False, intruders: bool = False
) -> Inspection:
    """Read and measure one adapter; nothing is loaded and torch is not imported.

    With `beside`, updates are set beside the weights of the base, and those that depend on it get numbers; `intruders` counts
    intruder dimensions too, which decomposes each weight that the cache does not know. Raises Refused for a bad file,
    UsageError and Unavailable for a base that cannot be had, OSError for an unreadable file.
    """
    vetted, adapter = _vetted_and_read(path, base, limits)
    facts = identify(adapter, base, vetted.facts.claims, vetted)
    statistics = measure(adapter, vetted)
    told = None
    if base is not None and beside:
        told = against_base(adapter, vetted, statistics, base_weights(locate(base)), intruders=intruders)
    rows = rows_of(adapter, statistics, told)
    return Inspection(vetted=vetted, adapter=adapter, base=facts, statistics=statistics, rows=rows, based=told is not None)


def rows_of(adapter: Adapter, statistics: WeightStatistics, told: AgainstBase | None = None) -> tuple[Row, ...]:
    """The updates in the file's order, each with its layer or with the reason that it has none."""
    return tuple(_rows(adapter, statistics, AgainstBase(layers={}, relations={}, reasons={}) if told is None else told))


def _rows(adapter: Adapter, statistics: WeightStatistics, more: AgainstBase) -> Iterator[Row]:
    layers = {(each.component, each.module_path, each.parameter): each for each in statistics.layers}
    reasons = {(each.component, each.module_path, each.kind): each.reason for each in statistics.unmeasured}
    for update in adapter.updates:
        key = key_of(update)
        layer = layers.get(key) or more.layers.get(key)
        reason = more.reasons.get(key) or reasons.get((update.component, update.module_path, update.name), "")
        yield Row(update=update, layer=layer, reason="" if layer else reason, relation=more.relations.get(key))


METRICS: dict[str, Callable[[LayerStatistics], float]] = {
    "frobenius": lambda layer: layer.frobenius,
    "spectral": lambda layer: layer.spectral,
    "nuclear": lambda layer: layer.nuclear,
    "stable_rank": lambda layer: layer.stable_rank,
    "effective_rank": lambda layer: layer.effective_rank,
    "numerical_rank": lambda layer: layer.numerical_rank,
    "entropy": lambda layer: layer.entropy,
    "leading_share": lambda layer: layer.leading_share,
    "max_abs": lambda layer: layer.max_abs,
}
"""Columns of numbers, by name."""


def record(row: Row, *, based: bool = False) -> dict[str, object]:
    """One update as plain values: what JSON, CSV and Parquet hold; `based` adds its relation to the base."""
    update, layer = row.update, row.layer
    numbers = {name: get(layer) if layer else None for name, get in METRICS.items()}
    return {
        "module_path": update.module_path,
        "component": update.component,
        "kind": update.name,
        "parameter": update.parameter,
        "dialect": update.dialect,
        "resolved": update.resolved,
        "shape": list(update.shape),
        "rank": update.rank,
        "alpha": update.alpha,
        "alpha_origin": update.alpha_origin,
        "scaling": update.scaling,
        "scaling_rule": update.scaling_rule,
        **numbers,
        **(_relation(row.relation) if based else {}),
        "base_dependent": update.base_dependent or update.name == "set",
        "reason": row.reason,
        "loadable": update.loadable and update.resolved,
        "fused": update.fused or None,
        "rows": list(update.rows) if update.rows else None,
        "tensors": [span.name for span in update.spans],
    }


def _relation(relation: Relation | None) -> dict[str, object]:
    return {
        "relative_frobenius": relation.frobenius if relation else None,
        "relative_spectral": relation.spectral if relation else None,
        "intruders": relation.intruders if relation else None,
    }
