"""Writes the ΔW of any kind as a plain pair B·A.

Exact but for rounding: a product of products is a product (Kronecker: Van Loan 2000; Hadamard: Slyusar 1996), and what
is no product of low rank is multiplied by an identity. Scaled by s the pair acts as s·ΔW, which is how LyCORIS and
ComfyUI dose every kind; a rotation or a magnitude is so dosed between the base and what the file says.
"""

import math

import numpy as np

from lorascan.bases import BaseTensor
from lorascan.core.errors import Unavailable
from lorascan.core.updates import Update
from lorascan.weights.decode import FORMATS, Matrix
from lorascan.weights.factors import stored, whole
from lorascan.weights.formed import MISFIT, formed, why_not
from lorascan.weights.numbers import survey
from lorascan.weights.operands import Source, operands

ENTRIES = 2**25
"""Entries of a weight whose update is formed whole: 256 MiB as float64."""
HINT = "audit a file of plain low-rank updates"


def pair(update: Update, content: memoryview, tensor: BaseTensor | None) -> tuple[Matrix, Matrix]:
    """(A, B) in float64 with ΔW = B·A: A is (rank, in, …kernel), B is (out, rank, …1).

    `content` holds the bytes of the file, `tensor` is the base's own weight. Raises Unavailable where the base has no such
    weight, or the update does not fit it or is too large.
    """
    if tensor is None or tensor.span.dtype not in FORMATS:
        raise Unavailable(f"{update.module_path}: the base has no such weight", HINT)
    shape = tensor.span.shape
    reason = why_not(update, shape) or ("the update is too large to be formed" if math.prod(shape) > ENTRIES else "")
    if reason:
        raise Unavailable(f"{update.module_path} ({update.name}): {reason}", HINT)
    source = Source(content=content, largest={span.name: survey(content, span).max_abs for span in update.tensors})
    try:
        down, up = _product(update, source) or _with_identity(formed(update, source, base_matrix(tensor), shape))
    except ValueError as error:  # numpy's word for shapes that no judge above has foreseen
        raise Unavailable(f"{update.module_path} ({update.name}): {MISFIT}", HINT) from error
    kernel = shape[2:]
    return down.reshape(-1, shape[1], *kernel), up.reshape(shape[0], -1, *(1 for _ in kernel))


def _product(update: Update, source: Source) -> tuple[Matrix, Matrix] | None:
    """A and s·B of a kind that is a product whose rank is below both sides of ΔW; None of every other."""
    if update.base_dependent or update.name == "set":
        return None
    parts = operands(update, source)
    if len(parts) > 1 or not isinstance(parts[0], tuple) or parts[0][0].rank >= min(update.shape):
        return None
    down, up = parts[0]
    return whole(down).T * down.unit, whole(up) * (up.unit * update.scaling)


def _with_identity(delta: Matrix) -> tuple[Matrix, Matrix]:
    out, width = delta.shape
    return (np.eye(width), delta) if width <= out else (delta, np.eye(out))


def base_matrix(tensor: BaseTensor) -> Matrix:
    """The base's weight as (out, in·kh·kw) in float64."""
    factor = stored(tensor.content, tensor.span, 1.0)
    return whole(factor) * factor.unit
