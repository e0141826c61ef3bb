"""Forms the ΔW of updates that are functions of the base's weight.

Formulas: DoRA (Liu et al. 2024), OFT (Qiu et al. 2023), BOFT (Liu et al. 2024), (IA)³ (Liu et al. 2022), GLoRA (Chavan et
al. 2023), in the forms that LyCORIS and PEFT apply (read, not copied).
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import Update
from lorascan.core.whole_updates import OWN_ROTATIONS, DoraUpdate, FullUpdate, GloraUpdate, RotationUpdate, ScaleUpdate
from lorascan.weights.decode import Matrix
from lorascan.weights.factors import whole
from lorascan.weights.operands import Source, dense, operands

Shape = tuple[int, ...]
MISFIT = "the tensors do not fit the base's weight"
UNTOLD = "the file does not say how the base's weight enters"


def why_not(update: Update, shape: Shape) -> str:
    """Why ΔW cannot be formed from a base's weight of this shape (out, in, …kernel), "" where it can."""
    for kind, judge in _JUDGES.items():
        if isinstance(update, kind):
            return judge(update, shape)
    return _same_shape(update, shape)


def _same_shape(update: Update, shape: Shape) -> str:
    return "" if update.shape == (shape[0], math.prod(shape[1:])) else MISFIT


def _dora_misfit(update: DoraUpdate, shape: Shape) -> str:
    per_row, count = _per_row(update), math.prod(update.magnitude.shape)
    if update.rows is not None and not per_row:
        return "the magnitude spans several modules"
    rows = update.stored_shape[0] if update.rows is not None else shape[0]
    return _same_shape(update, shape) or ("" if count == (rows if per_row else math.prod(shape[1:2])) else MISFIT)


def _scale_misfit(update: ScaleUpdate, shape: Shape) -> str:
    if update.on_input is None:
        return UNTOLD
    return "" if math.prod(update.factors.shape) == (math.prod(shape[1:2]) if update.on_input else shape[0]) else MISFIT


def _rotation_misfit(update: RotationUpdate, shape: Shape) -> str:
    if not update.blocks.name.endswith(OWN_ROTATIONS):
        return "PEFT's rotations depend on a config that the file does not hold"
    scaled = update.rescale is None or math.prod(update.rescale.shape) == shape[0]
    return "" if scaled and _rotates(update.blocks.shape, shape[0]) else MISFIT


def _glora_misfit(update: GloraUpdate, shape: Shape) -> str:
    first, second = (update.a1.shape, update.a2.shape) if update.left_first else (update.a2.shape, update.a1.shape)
    width = math.prod(shape[1:2])
    fits = first[0] == width == math.prod(second[1:]) and math.prod(first[1:]) == second[0]
    return _same_shape(update, shape) or ("" if fits else MISFIT)


def _rotates(blocks: Shape, out: int) -> bool:
    stages = len(blocks) - 3
    fits = stages in {0, 1} and blocks[-1] == blocks[-2] and blocks[-3] * blocks[-1] == out
    return fits and (stages == 0 or (blocks[-1] % 2 == 0 and out % (2 ** blocks[0] * (blocks[-1] // 2)) == 0))


def formed(update: Update, source: Source, weight: Matrix, shape: Shape) -> Matrix:
    """ΔW, scaling included, as (out, in·kh·kw) in float64.

    `weight` is the base's weight, flattened; `shape` is its own. The caller has asked `why_not`.
    """
    for kind, make in _MAKERS.items():
        if isinstance(update, kind):
            return make(update, source, weight, shape)
    return _direct(update, source)


def _direct(update: Update, source: Source) -> Matrix:
    """ΔW of a kind that is a function of the file alone."""
    parts = [dense(each) for each in operands(update, source)]
    matrices = [whole(each) * each.unit for each in parts]
    product: Matrix = matrices[0] if len(matrices) == 1 else np.kron(matrices[0], matrices[1])
    return product * update.scaling


def _numbers(span: TensorSpan, source: Source) -> Matrix:
    """The tensor as (first dimension, the others flattened)."""
    factor = source.factor(span)
    return whole(factor) * factor.unit


def _per_row(update: DoraUpdate) -> bool:
    """Whether the magnitude has an entry a row: PEFT's always, LyCORIS' where its first dimension is the rows'."""
    out, shape = update.stored_shape[0], update.magnitude.shape
    if update.convention == "lora_magnitude_vector":
        return math.prod(shape) == out
    return bool(shape) and shape[0] == out


def _dora(update: DoraUpdate, source: Source, weight: Matrix, shape: Shape) -> Matrix:
    """Decomposed: m · (W + D)/‖W + D‖ − W; the norm per row, or per input channel over rows and kernel."""
    rows = slice(None) if update.rows is None else slice(*update.rows)
    changed = weight + (_direct(update.direction, source) * update.scaling)[rows]
    magnitude = _numbers(update.magnitude, source).reshape(-1)
    if _per_row(update):
        norms = np.linalg.norm(changed, axis=1)
        return changed * _share(magnitude[rows], norms)[:, None] - weight
    channels = changed.reshape(shape[0], shape[1], -1)
    norms = np.sqrt((channels**2).sum(axis=(0, 2)))
    return (channels * _share(magnitude, norms)[:, None]).reshape(weight.shape) - weight


def _share(magnitude: Matrix, norms: Matrix) -> Matrix:
    """m/‖v‖, 0 where v is 0."""
    return np.divide(magnitude, norms, out=np.zeros_like(norms), where=norms > 0)


def _scale(update: ScaleUpdate, source: Source, weight: Matrix, shape: Shape) -> Matrix:
    factors = _numbers(update.factors, source).reshape(-1) - (1.0 if update.of_one else 0.0)
    if update.on_input:
        return weight * np.repeat(factors, math.prod(shape[2:]))
    return weight * factors[:, None]


def _cayley(update: RotationUpdate, source: Source, out: int) -> Matrix:
    """R = (I + Q)(I − Q)⁻¹ of every block, with ‖Q‖ held below α·out where α > 0."""
    shape = update.blocks.shape
    stored = _numbers(update.blocks, source).reshape(shape)
    skew = stored - np.swapaxes(stored, -1, -2)
    bound, size = (update.alpha or 0.0) * out, float(np.linalg.norm(skew))
    if 0 < bound < size:
        skew = skew * (bound / size)
    eye = np.eye(shape[-1])
    turned: Matrix = (eye + skew) @ np.linalg.inv(eye - skew)
    return turned


def _rotation(update: RotationUpdate, source: Source, weight: Matrix, shape: Shape) -> Matrix:
    """(RᵀW or the butterfly's stages of W)·rescale − W."""
    turns = _cayley(update, source, shape[0])
    turned: Matrix = weight
    if turns.ndim == 3:
        turned = np.swapaxes(turns, 1, 2) @ weight.reshape(turns.shape[0], turns.shape[1], -1)
    else:
        for stage, blocks in enumerate(turns):
            turned = _butterfly(turned, blocks, 2**stage * (blocks.shape[-1] // 2))
    turned = turned.reshape(weight.shape)
    if update.rescale is not None:
        turned = turned * _numbers(update.rescale, source).reshape(-1, 1)
    difference: Matrix = turned - weight
    return difference


def _butterfly(weight: Matrix, blocks: Matrix, half: int) -> Matrix:
    """One stage: rows that stand `half` apart are brought together in blocks, turned, and put back."""
    columns = weight.shape[1]
    paired = weight.reshape(-1, 2, half, columns).swapaxes(1, 2).reshape(blocks.shape[0], blocks.shape[1], columns)
    turned = (blocks @ paired).reshape(-1, half, 2, columns).swapaxes(1, 2)
    return turned.reshape(weight.shape)


def _glora(update: GloraUpdate, source: Source, weight: Matrix, shape: Shape) -> Matrix:
    """(W·a1·a2 + b1·b2)·s; files whose left factors are the second ones are read so."""
    pairs = (update.a1, update.a2), (update.b1, update.b2)
    if not update.left_first:
        pairs = (update.a2, update.a1), (update.b2, update.b1)
    (a1, a2), (b1, b2) = (tuple(_numbers(each, source).reshape(each.shape[0], -1) for each in two) for two in pairs)
    if update.bm is None:
        direct = b1 @ b2
    else:
        core = _numbers(update.bm, source).reshape(*update.bm.shape[:2], -1)
        direct = np.einsum("mnk,om,ni->oik", core, b1, b2).reshape(weight.shape)
    through = np.einsum("oik,ij->ojk", weight.reshape(shape[0], shape[1], -1), a1 @ a2).reshape(weight.shape)
    total: Matrix = (through + direct) * update.scaling
    return total


def _full(update: FullUpdate, source: Source, weight: Matrix, _shape: Shape) -> Matrix:
    tensor = _numbers(update.delta, source).reshape(weight.shape)
    return tensor - weight if update.role == "set" else tensor


_MAKERS: Mapping[type[Update], Callable[..., Matrix]] = {
    DoraUpdate: _dora,
    ScaleUpdate: _scale,
    RotationUpdate: _rotation,
    GloraUpdate: _glora,
    FullUpdate: _full,
}
_JUDGES: Mapping[type[Update], Callable[..., str]] = {
    DoraUpdate: _dora_misfit,
    ScaleUpdate: _scale_misfit,
    RotationUpdate: _rotation_misfit,
    GloraUpdate: _glora_misfit,
}
