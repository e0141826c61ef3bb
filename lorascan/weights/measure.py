"""Measures every update of an adapter."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lorascan.core.adapter import Adapter, LayerStatistics, Unmeasured, Update, VettedFile, WeightStatistics
from lorascan.core.product_updates import HadamardUpdate, KroneckerUpdate
from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import LowRankUpdate, TuckerUpdate
from lorascan.core.whole_updates import DoraUpdate, GloraUpdate
from lorascan.weights.decode import FORMATS, Matrix, raw, to_float64
from lorascan.weights.factors import Tall
from lorascan.weights.numbers import Survey, survey_each
from lorascan.weights.operands import Operand, Pair, Source, operands
from lorascan.weights.spectra import dense_values, singular_values
from lorascan.weights.statistics import described
from lorascan.weights.upright import upright

DENSE_SIDE = 4096
"""Longest smaller side of a matrix whose spectrum is taken whole: its Gram matrix has 128 MiB."""
DENSE_WORK, GATE_WORK = 6e11, 3e10
"""Work of all such matrices of one file: a minute or two of one core where they are asked for, three seconds at a gate."""
_SIDES = 6.0
"""What a singular one costs beside side² · length, in side³: the eigenvalues of its Gram matrix in vain, then QR and the SVD of R."""
HIGH_RANK = 512
"""Rank above which a pair's own matrices, rank × rank, count as work too."""

DECODED = 2**24
"""Entries of a factor of the kinds that are decoded whole: 128 MiB as float64."""
_DECODED_WHOLE = frozenset({"tucker", "loha", "lokr"})

NEEDS_BASE = "ΔW depends on the base's weight"
BAD_NUMBERS = "a tensor has numbers that are not finite, or a type that holds no weights"
TOO_LARGE = f"no exact spectrum: a matrix that must be held whole has a smaller side above {DENSE_SIDE}, or over {DECODED:,} entries"
NO_BUDGET = "no exact spectrum: the file holds more dense matrices than the budget of one measurement"


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What is to be solved: all pairs together, dense matrices one by one."""

    pairs: list[Pair] = field(default_factory=list)
    tall: list[Tall] = field(default_factory=list)
    left: float = DENSE_WORK

    def add(self, operand: Operand) -> "_Slot":
        """The place of the operand's values. The caller has checked the budget."""
        if isinstance(operand, tuple):
            self.pairs.append(operand)
            return _Slot(pair=len(self.pairs) - 1)
        self.tall.append(operand)
        return _Slot(tall=len(self.tall) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    pair: int = -1
    tall: int = -1


def measure(adapter: Adapter, vetted: VettedFile, work: float = DENSE_WORK) -> WeightStatistics:
    """One row of statistics a module, and every tensor of the file whose numbers are not all finite.

    An update with a bad number, with a tensor of a type that holds no weights, whose ΔW depends on the base, or whose
    spectrum is out of bounds has no row: it is listed with the reason. Memory beyond the file stays in the tens of
    MiB for low-rank kinds whatever the file holds; ranks were limited when the adapter was read. `work` bounds the dense
    matrices of the file (side² · length), which are taken in its order.
    """
    surveys = survey_each(vetted.content, vetted.spans)
    source = Source(content=vetted.content, largest={name: each.max_abs for name, each in surveys.items()})
    plan, planned, directed, unmeasured = _Plan(left=work), [], [], []
    for update in adapter.updates:
        reason = _reason(update, surveys)
        parts = () if reason else tuple(upright(each) for each in operands(update, source))
        reason = reason or _out_of_bounds(parts, plan)
        if not reason:
            planned.append((update, tuple(plan.add(each) for each in parts)))
            continue
        unmeasured.append(_unmeasured(update, reason, source))
        if isinstance(update, DoraUpdate) and (inner := _direction(update, surveys, source, plan)):
            directed.append((update, tuple(plan.add(each) for each in inner)))
    layers = _solved(plan, [*planned, *directed], source.largest)
    bad = tuple(each.bad for each in surveys.values() if each.bad is not None)
    return WeightStatistics(layers=layers[: len(planned)], bad_numbers=bad, unmeasured=tuple(unmeasured), directions=layers[len(planned) :])


def _unmeasured(update: Update, reason: str, source: Source) -> Unmeasured:
    return Unmeasured(
        module_path=update.module_path,
        component=update.component,
        kind=update.name,
        reason=reason,
        max_abs=max(*(source.largest.get(span.name, math.nan) for span in update.tensors), _reach(update, source.largest)),
        not_positive=_not_positive(update.magnitude, source) if isinstance(update, DoraUpdate) else 0,
    )


def _reach(update: Update, largest: Mapping[str, float]) -> float:
    """What entries of a product can reach, from the largest of each factor; 0 for kinds that are no product of their tensors."""
    if isinstance(update, GloraUpdate):
        core = () if update.bm is None else (update.bm,)
        products: tuple[tuple[TensorSpan, ...], ...] = ((update.a1, update.a2), (update.b1, update.b2, *core))
    elif isinstance(update, LowRankUpdate | TuckerUpdate | HadamardUpdate | KroneckerUpdate):
        products = (update.tensors,)
    else:
        return 0.0
    rank = max(update.ranks, default=1) if isinstance(update, KroneckerUpdate) else update.rank
    return max(math.prod(largest.get(span.name, math.nan) for span in spans) for spans in products) * rank * abs(update.scaling)


def _not_positive(magnitude: TensorSpan, source: Source) -> int:
    """Entries that are zero or below; none of a tensor that holds no weights or is not all finite, which is told elsewhere."""
    if magnitude.dtype not in FORMATS or math.isnan(source.largest[magnitude.name]):
        return 0
    return int((to_float64(raw(source.content, magnitude), magnitude.dtype) <= 0).sum())


def _direction(update: DoraUpdate, surveys: Mapping[str, Survey], source: Source, plan: _Plan) -> tuple[Operand, ...]:
    """The operands of what DoRA adds before it normalises; none where that has no spectrum either."""
    inner = replace(update.direction, rows=update.rows, alpha=update.alpha, rank_stabilized=update.rank_stabilized)
    if _reason(inner, surveys):
        return ()
    parts = tuple(upright(each) for each in operands(inner, source))
    return () if _out_of_bounds(parts, plan) else parts


def _reason(update: Update, surveys: Mapping[str, Survey]) -> str:
    """Why the update has no spectrum, "" where it has one."""
    if update.base_dependent or update.name == "set":
        return NEEDS_BASE
    if update.kind in _DECODED_WHOLE and any(math.prod(span.shape) > DECODED for span in update.tensors):
        return TOO_LARGE
    sound = all(span.name in surveys and surveys[span.name].bad is None for span in update.tensors)
    return "" if sound else BAD_NUMBERS


def _out_of_bounds(parts: Sequence[Operand], plan: _Plan) -> str:
    """Why the dense matrices among the operands are not solved, "" where they are; counts their work."""
    talls = [each for each in parts if not isinstance(each, tuple)]
    if any(each.rank > DENSE_SIDE for each in talls):
        return TOO_LARGE
    work = sum(float(each.rank) ** 2 * (each.length + _SIDES * each.rank) for each in talls)
    work += sum(map(_high, (each for each in parts if isinstance(each, tuple))))
    if work > plan.left:
        return NO_BUDGET
    plan.left -= work
    return ""


def _high(pair: Pair) -> float:
    """The work of a pair's Gram matrices and their eigenvalues, 0 for the ranks that adapters have."""
    rank = min(pair[0].rank, pair[0].length, pair[1].length)
    return _SIDES * rank**3 if rank > HIGH_RANK else 0.0


def _solved(plan: _Plan, planned: Sequence[tuple[Update, tuple[_Slot, ...]]], largest: Mapping[str, float]) -> tuple[LayerStatistics, ...]:
    pairs = singular_values(plan.pairs)
    found = []
    for update, slots in planned:
        values = [pairs[slot.pair] if slot.tall < 0 else dense_values(plan.tall[slot.tall]) for slot in slots]
        combined = values[0] if len(values) == 1 else _outer(values[0], values[1])
        found.append((update, combined, max(largest[span.name] for span in update.tensors)))
    return described(found)


def _outer(one: Matrix, two: Matrix) -> Matrix:
    """The singular values of a Kronecker product, descending: all products of the factors' (Van Loan 2000)."""
    with np.errstate(over="ignore"):
        return np.sort(np.multiply.outer(one, two).reshape(-1))[::-1]
