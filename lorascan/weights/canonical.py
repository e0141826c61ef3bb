"""Writes the vetted update anew, under our own names.

What a loader gets is this and never the file: float32, no metadata, no α. With α missing a loader takes α = r, so the
file's scaling is multiplied into B.
"""

import json
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lorascan.bases import BaseWeights
from lorascan.core.adapter import Adapter, LowRankUpdate, TensorSpan, Update, VettedFile
from lorascan.core.errors import Unavailable
from lorascan.core.updates import WEIGHT
from lorascan.weights.decode import FORMATS, Matrix, raw, to_float64, unit
from lorascan.weights.pairs import HINT, pair

FORMED_BYTES = 2**31
"""Most that the pairs of other kinds than plain ones may take, all together."""


def canonical(adapter: Adapter, vetted: VettedFile, base: BaseWeights | None = None) -> bytes:
    """A safetensors file of every update whose module is known, under `<component>.<module_path>.lora_A|B.weight`.

    lora_A is A as float32, lora_B is s·B; convolutions keep their kernel dimensions. Module paths are those of the
    installed libraries (text encoders: transformers 5). A module's share of a fused matrix has the whole A and its own
    rows of B. Updates of unknown modules, of types that hold no weights, or of kinds that cannot be applied are left out:
    a loader must not be asked for them. Other kinds than plain pairs are written as pairs with the weights of `base`, and
    left out without it. Raises Unavailable where one of these does not fit the base, where together they are too large, and
    where nothing is left because the file holds none that can be written: what cannot be loaded cannot be tested.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    formed = 0
    for update in filter(loadable, adapter.updates):
        if plain(update):
            down, up = _plain(update, vetted)
        elif base is not None:
            down, up = (_rounded(each) for each in pair(update, vetted.content, base.read(update.component, update.module_path, WEIGHT)))
            formed += down.nbytes + up.nbytes
        else:
            continue
        if formed > FORMED_BYTES:
            raise Unavailable(f"updates of the kind {update.name} take over {FORMED_BYTES >> 30} GiB as plain pairs", HINT)
        stem = f"{update.component}.{update.module_path}"
        tensors |= {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": up}
    other = sorted({each.name for each in adapter.updates if each.resolved and not (plain(each) and each.loadable)})
    if other and not tensors:
        raise Unavailable(f"updates of the kind {', '.join(other)} cannot be loaded", HINT)
    return write_canonical(tensors)


def loadable(update: Update) -> bool:
    """Whether `canonical` writes the update, with a base: numbers for a module that the base has."""
    return update.loadable and update.resolved and all(span.dtype in FORMATS for span in update.tensors)


def plain(update: Update) -> bool:
    """Whether the update is a pair already, which needs no base."""
    return isinstance(update, LowRankUpdate)


def _plain(update: Update, vetted: VettedFile) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    assert isinstance(update, LowRankUpdate), "the caller has asked `plain`"
    up = _float32(vetted, update.up, update.scaling)
    return _float32(vetted, update.down, 1.0), up if update.rows is None else up[slice(*update.rows)]


def _rounded(numbers: Matrix) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(numbers, dtype="<f4")


def _float32(vetted: VettedFile, span: TensorSpan, factor: float) -> NDArray[np.float32]:
    """The tensor times `factor`, rounded once; what overflows becomes infinite, as it would in any loader."""
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = to_float64(raw(vetted.content, span), span.dtype) * (unit(span.dtype) * factor)
        return np.ascontiguousarray(numbers, dtype="<f4")


def write_canonical(tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """A safetensors file: header length, JSON header padded to 8 bytes, the tensors in name order."""
    header: dict[str, object] = {}
    position = 0
    for name, tensor in sorted(tensors.items()):
        stop = position + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [position, stop]}
        position = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join((struct.pack("<Q", len(text)), text, *(tensors[name].tobytes() for name in sorted(tensors))))


def read_canonical(content: bytes) -> dict[str, NDArray[np.float32]]:
    """The tensors of a file that `canonical` wrote, by name."""
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    return {
        name: np.frombuffer(content, dtype="<f4", offset=8 + length + entry["data_offsets"][0], count=int(np.prod(entry["shape"]))).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
    }
