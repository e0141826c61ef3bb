"""Tells the vectors that trainers store whole from other whole tensors."""

import math

from lorascan.core.adapter import Adapter
from lorascan.core.updates import Update
from lorascan.core.whole_updates import FullUpdate

_MANY = 8
"""Biases from which on a file can have them everywhere: adapters of a whole model have dozens."""


def trained_vectors(adapter: Adapter) -> tuple[Update, ...]:
    """Normalisation vectors, and the biases of a file that has one beside more than half of its updates.

    LyCORIS trains norms, PEFT (`lora_bias`), extractors and the control adapters of Black Forest Labs store biases, and then
    all of them. A vector adds the same to every picture: it cannot wait for a word. A bias that stands alone is nothing that a
    trainer writes, and neither is a vector that replaces the base's own, those control adapters' norms apart.
    """
    vectors = [each for each in adapter.updates if isinstance(each, FullUpdate) and _is_vector(each)]
    updated = {(each.component, each.module_path) for each in adapter.updates if not isinstance(each, FullUpdate)}
    biases = [each for each in vectors if each.role == "bias" and (each.component, each.module_path) in updated]
    everywhere = len(biases) >= _MANY and 2 * len(biases) > len(updated)
    return tuple(each for each in vectors if _is_norm(each) or (everywhere and each in biases))


def _is_vector(update: FullUpdate) -> bool:
    shape = update.delta.shape
    return max(shape, default=1) == math.prod(shape)


def _is_norm(update: FullUpdate) -> bool:
    if update.role == "set" and not update.delta.name.endswith("_norm.scale"):
        return False
    return update.role == "norm" or "norm" in update.module_path.rpartition(".")[2]
