"""Wan: the names of its authors' code, which musubi-tuner's files use too.

Source: diffusers `_convert_non_diffusers_wan_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_PARTS = {"q": "to_q", "k": "to_k", "v": "to_v", "o": "to_out.0"}
_EMBED = "condition_embedder"

NATIVE = Native(
    name="wan",
    markers=("condition_embedder.time_proj",),
    modules={
        **{f"blocks.N.self_attn.{old}": (f"blocks.N.attn1.{new}",) for old, new in _PARTS.items()},
        **{f"blocks.N.cross_attn.{old}": (f"blocks.N.attn2.{new}",) for old, new in _PARTS.items()},
        "blocks.N.cross_attn.k_img": ("blocks.N.attn2.add_k_proj",),
        "blocks.N.cross_attn.v_img": ("blocks.N.attn2.add_v_proj",),
        "blocks.N.ffn.0": ("blocks.N.ffn.net.0.proj",),
        "blocks.N.ffn.2": ("blocks.N.ffn.net.2",),
        "text_embedding.0": (f"{_EMBED}.text_embedder.linear_1",),
        "text_embedding.2": (f"{_EMBED}.text_embedder.linear_2",),
        "time_embedding.0": (f"{_EMBED}.time_embedder.linear_1",),
        "time_embedding.2": (f"{_EMBED}.time_embedder.linear_2",),
        "time_projection.1": (f"{_EMBED}.time_proj",),
        "img_emb.proj.1": (f"{_EMBED}.image_embedder.ff.net.0.proj",),
        "img_emb.proj.3": (f"{_EMBED}.image_embedder.ff.net.2",),
        "head.head": ("proj_out",),
    },
)
