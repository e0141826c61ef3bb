"""Measures every update of an adapter."""

from lorascan.core.adapter import Adapter, LayerStatistics, LowRankUpdate, VettedFile, WeightStatistics
from lorascan.weights.decode import FORMATS
from lorascan.weights.factors import factors
from lorascan.weights.numbers import Survey, survey
from lorascan.weights.spectra import singular_values
from lorascan.weights.statistics import describe


def measure(adapter: Adapter, vetted: VettedFile) -> WeightStatistics:
    """One row of statistics a module, and every tensor of the file whose numbers are not all finite.

    A module with a bad number or with a factor of a type that holds no weights has no row. Memory beyond the file
    stays in the tens of MiB whatever the file holds; ranks were limited when the adapter was read.
    """
    surveys = {span.name: survey(vetted.content, span) for span in vetted.spans if span.dtype in FORMATS}
    sound = [each for each in adapter.updates if _is_sound(each, surveys)]
    largest = [(surveys[each.down.name].max_abs, surveys[each.up.name].max_abs) for each in sound]
    pairs = [factors(each, vetted.content, sizes) for each, sizes in zip(sound, largest, strict=True)]
    rows = zip(sound, singular_values(pairs), largest, strict=True)
    layers: tuple[LayerStatistics, ...] = tuple(describe(update, values, max(sizes)) for update, values, sizes in rows)
    bad = tuple(each.bad for each in surveys.values() if each.bad is not None)
    return WeightStatistics(layers=layers, bad_numbers=bad)


def _is_sound(update: LowRankUpdate, surveys: dict[str, Survey]) -> bool:
    return all(span.name in surveys and surveys[span.name].bad is None for span in (update.down, update.up))
