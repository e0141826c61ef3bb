"""Reads the magnitude that turns an update into DoRA, in its three spellings.

`dora_scale` (LyCORIS, OneTrainer), `lora_magnitude_vector` (PEFT), `magnitude` (bare). A magnitude alone is left over.
Source: Liu et al. 2024; LyCORIS `apply_weight_decompose`; PEFT `lora/dora.py`.
"""

import math

from lorascan.core.updates import EmbeddingUpdate, Update
from lorascan.core.whole_updates import DoraUpdate, FullUpdate
from lorascan.dialects._reasons import Reason
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, fault

_SPELLINGS = {
    ".dora_scale": "dora_scale",
    ".lora_magnitude_vector": "lora_magnitude_vector",
    ".lora_magnitude_vector.weight": "lora_magnitude_vector",
    ".lora_magnitude_vector.default": "lora_magnitude_vector",
    ".lora_magnitude_vector.default.weight": "lora_magnitude_vector",
    ".magnitude": "magnitude",
}
_ROLES = tuple(dict.fromkeys(_SPELLINGS.values()))


def _none(_stem: str, _parts: Parts) -> tuple[Update, ...]:
    return ()


def wrap(update: Update, parts: Parts) -> Update:
    """The update with its magnitude; the update itself where there is none, or where ΔW is no product of a weight's."""
    found = [role for role in _ROLES if role in parts]
    if not found or update.parameter != "weight" or update.base_dependent or isinstance(update, FullUpdate | EmbeddingUpdate):
        return update
    if len(found) > 1:
        raise fault(update.module_path, f"two magnitudes of one module: {' and '.join(found)}")
    magnitude = parts[found[0]]
    count, (out, flat) = math.prod(magnitude.shape), update.stored_shape
    if count == 0 or (count != out and flat % count != 0):
        raise fault(update.module_path, f"magnitude {magnitude.shape} fits no side of ({out}, {flat})", measured=count, threshold=out)
    return DoraUpdate(
        module_path=update.module_path,
        component=update.component,
        dialect=update.dialect,
        direction=update,
        magnitude=magnitude,
        convention=found[0],
    )


ALGEBRA = Algebra(
    name="dora",
    endings=tuple(Ending(text=text, role=role, reason=Reason.DORA) for text, role in _SPELLINGS.items()),
    build=_none,
    wrap=wrap,
    example={".lora_down.weight": (4, 320), ".lora_up.weight": (320, 4), ".dora_scale": (320, 1)},
)
