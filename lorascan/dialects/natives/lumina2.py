"""Lumina 2: the names of its authors' code.

Source: diffusers `_convert_non_diffusers_lumina2_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_STACKS = ("layers", "noise_refiner", "context_refiner")
_LAYER = {
    "attention.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "attention.out": ("attn.to_out.0",),
    "feed_forward.w1": ("feed_forward.linear_1",),
    "feed_forward.w2": ("feed_forward.linear_2",),
    "feed_forward.w3": ("feed_forward.linear_3",),
    "adaLN_modulation.1": ("norm1.linear",),
}

NATIVE = Native(
    name="lumina2",
    markers=("layers.0.feed_forward.linear_1",),
    modules={
        **{f"{stack}.N.{old}": tuple(f"{stack}.N.{each}" for each in new) for stack in _STACKS for old, new in _LAYER.items()},
        "cap_embedder.1": ("time_caption_embed.caption_embedder.1",),
        "t_embedder.mlp.0": ("time_caption_embed.timestep_embedder.linear_1",),
        "t_embedder.mlp.2": ("time_caption_embed.timestep_embedder.linear_2",),
        "final_layer.adaLN_modulation.1": ("norm_out.linear_1",),
        "final_layer.linear": ("norm_out.linear_2",),
    },
)
