"""Measures updates against the base's own weights.

Updates whose ΔW is a function of the base get the numbers that they lack without it; every update is set in relation to
the weight that it changes. Intruder dimensions: singular vectors of W₀ + ΔW that are like none of W₀'s (Shuttleworth et
al. 2024, "LoRA vs full fine-tuning: an illusion of equivalence").
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lorascan.bases import BaseTensor, BaseWeights
from lorascan.core.adapter import Adapter, LayerStatistics, Update, VettedFile, WeightStatistics
from lorascan.core.updates import WEIGHT
from lorascan.weights.base_vectors import base_vectors
from lorascan.weights.decode import FORMATS, Matrix
from lorascan.weights.factors import Formed
from lorascan.weights.formed import formed, why_not
from lorascan.weights.intruders import LEADING, intruder_dimensions
from lorascan.weights.krylov import spectral_norm
from lorascan.weights.measure import BAD_NUMBERS, DENSE_SIDE, NO_BUDGET, TOO_LARGE
from lorascan.weights.numbers import survey
from lorascan.weights.operands import Source
from lorascan.weights.pairs import base_matrix
from lorascan.weights.spectra import dense_values
from lorascan.weights.statistics import describe

Key = tuple[str, str, str]
"""Component, module path, parameter."""
NO_WEIGHT = "the base has no such weight"
ENTRIES = 2**26
"""Entries of a weight that is taken whole: 512 MiB as float64."""
WORK = 2e12
"""Side² · length of the matrices of one file that are decomposed: some minutes of one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """ΔW beside the weight W₀ that it changes.

    `frobenius` = ‖ΔW‖_F/‖W₀‖_F and `spectral` = ‖ΔW‖₂/‖W₀‖₂, None where W₀ is all zeros or ΔW has no norm. `intruders` counts
    the intruder dimensions among the `LEADING` first left singular vectors of W₀ + ΔW; None where it was not asked for.
    """

    frobenius: float | None
    spectral: float | None
    intruders: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstBase:
    """What a base at hand tells: layers that it gave numbers to, every update's relation, reasons for what is missing."""

    layers: Mapping[Key, LayerStatistics]
    relations: Mapping[Key, Relation]
    reasons: Mapping[Key, str]


def key_of(update: Update) -> Key:
    """What tells updates apart."""
    return update.component, update.module_path, update.parameter


def against_base(
    adapter: Adapter,
    vetted: VettedFile,
    statistics: WeightStatistics,
    base: BaseWeights,
    *,
    intruders: bool = False,
    cache: Path | None = None,
) -> AgainstBase:
    """Every update of a file beside the base's weights. `cache` is the folder of the base's vectors, by default the user's.

    Weights are read one by one; decompositions stop when their budget is spent, and that is said.
    """
    spans = {span.name: span for update in adapter.updates for span in update.tensors}
    surveys = {name: survey(vetted.content, span) for name, span in spans.items() if span.dtype in FORMATS}
    source = Source(content=vetted.content, largest={name: each.max_abs for name, each in surveys.items()})
    measured = {(each.component, each.module_path, each.parameter): each for each in statistics.layers}
    bench = _Bench(source=source, intruders=intruders, cache=cache)
    for update in adapter.updates:
        tensor = base.read(*key_of(update))
        sound = all(span.name in surveys and surveys[span.name].bad is None for span in update.tensors)
        bench.take(update, tensor, measured.get(key_of(update)), sound=sound)
    return AgainstBase(layers=bench.layers, relations=bench.relations, reasons=bench.reasons)


class _Bench:
    """Takes one update after the other while the budget lasts."""

    def __init__(self, *, source: Source, intruders: bool, cache: Path | None) -> None:
        self.source, self.intruders, self.cache = source, intruders, cache
        self.left = WORK
        self.layers: dict[Key, LayerStatistics] = {}
        self.relations: dict[Key, Relation] = {}
        self.reasons: dict[Key, str] = {}

    def take(self, update: Update, tensor: BaseTensor | None, layer: LayerStatistics | None, *, sound: bool) -> None:
        """Measure one update, or say why not."""
        key = key_of(update)
        reason = _hindrance(update, tensor, sound=sound)
        if reason or tensor is None:
            self.reasons[key] = reason
            return
        weight = base_matrix(tensor)
        if layer is None or self.intruders:
            if not self._afford(weight, 1 if layer is None else 2):
                self.reasons[key] = NO_BUDGET
                return
            delta = formed(update, self.source, weight, tensor.span.shape)
            layer = layer or self._described(update, delta)
            self.relations[key] = _relation(layer, weight, self._intruding(update, tensor, weight, delta))
        else:
            self.relations[key] = _relation(layer, weight, None)

    def _afford(self, weight: Matrix, times: int) -> bool:
        work = float(min(weight.shape)) ** 2 * max(weight.shape) * times
        if work > self.left:
            return False
        self.left -= work
        return True

    def _described(self, update: Update, delta: Matrix) -> LayerStatistics:
        tall = delta if delta.shape[0] >= delta.shape[1] else delta.T
        largest = max(self.source.largest[span.name] for span in update.tensors)
        layer = describe(update, dense_values(Formed(matrix=tall, unit=1.0)), largest, gain=1.0)
        self.layers[key_of(update)] = layer
        return layer

    def _intruding(self, update: Update, tensor: BaseTensor, weight: Matrix, delta: Matrix) -> int | None:
        if not self.intruders or update.parameter != WEIGHT or min(weight.shape) < 2 * LEADING:
            return None
        return intruder_dimensions(weight + delta, base_vectors(tensor, weight, self.cache).left, delta)


def _hindrance(update: Update, tensor: BaseTensor | None, *, sound: bool) -> str:
    if tensor is None or not tensor.span.shape or tensor.span.dtype not in FORMATS:
        return NO_WEIGHT
    if not sound or survey(tensor.content, tensor.span).bad is not None:
        return BAD_NUMBERS
    shape = tensor.span.shape
    if math.prod(shape) > ENTRIES or min(shape[0], math.prod(shape[1:])) > DENSE_SIDE:
        return TOO_LARGE
    return why_not(update, shape)


def _relation(layer: LayerStatistics, weight: Matrix, intruders: int | None) -> Relation:
    frobenius, spectral = float(np.linalg.norm(weight)), spectral_norm(weight)
    return Relation(
        frobenius=layer.frobenius / frobenius if frobenius else None,
        spectral=layer.spectral / spectral if spectral else None,
        intruders=intruders,
    )
