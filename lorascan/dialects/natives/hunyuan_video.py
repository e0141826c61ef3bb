"""HunyuanVideo: the names of its authors' code.

Source: diffusers `_convert_hunyuan_video_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_DOUBLE, _SINGLE = "transformer_blocks.N", "single_transformer_blocks.N"
_REFINER = "context_embedder.token_refiner.refiner_blocks.N"

NATIVE = Native(
    name="hunyuan_video",
    markers=("context_embedder.token_refiner.refiner_blocks.0.attn.to_q",),
    modules={
        "double_blocks.N.img_attn_qkv": tuple(f"{_DOUBLE}.attn.to_{each}" for each in "qkv"),
        "double_blocks.N.txt_attn_qkv": tuple(f"{_DOUBLE}.attn.add_{each}_proj" for each in "qkv"),
        "double_blocks.N.img_attn_proj": (f"{_DOUBLE}.attn.to_out.0",),
        "double_blocks.N.txt_attn_proj": (f"{_DOUBLE}.attn.to_add_out",),
        "double_blocks.N.img_mlp.fc1": (f"{_DOUBLE}.ff.net.0.proj",),
        "double_blocks.N.img_mlp.fc2": (f"{_DOUBLE}.ff.net.2",),
        "double_blocks.N.txt_mlp.fc1": (f"{_DOUBLE}.ff_context.net.0.proj",),
        "double_blocks.N.txt_mlp.fc2": (f"{_DOUBLE}.ff_context.net.2",),
        "double_blocks.N.img_mod.linear": (f"{_DOUBLE}.norm1.linear",),
        "double_blocks.N.txt_mod.linear": (f"{_DOUBLE}.norm1_context.linear",),
        "single_blocks.N.linear1": (*(f"{_SINGLE}.attn.to_{each}" for each in "qkv"), f"{_SINGLE}.proj_mlp"),
        "single_blocks.N.linear2": (f"{_SINGLE}.proj_out",),
        "single_blocks.N.modulation.linear": (f"{_SINGLE}.norm.linear",),
        "txt_in.individual_token_refiner.blocks.N.self_attn_qkv": tuple(f"{_REFINER}.attn.to_{each}" for each in "qkv"),
        "txt_in.individual_token_refiner.blocks.N.self_attn_proj": (f"{_REFINER}.attn.to_out.0",),
    },
)
