"""Z-Image: the names of its authors' code.

Source: diffusers `_convert_non_diffusers_z_image_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_STACKS = ("layers", "noise_refiner", "context_refiner")
_LAYER = {
    "attention.qkv": ("attention.to_q", "attention.to_k", "attention.to_v"),
    "attention.out": ("attention.to_out.0",),
}

NATIVE = Native(
    name="z_image",
    markers=("layers.0.attention.to_q",),
    modules={f"{stack}.N.{old}": tuple(f"{stack}.N.{each}" for each in new) for stack in _STACKS for old, new in _LAYER.items()},
)
