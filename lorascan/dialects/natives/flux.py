"""FLUX.1 and Chroma: the names of Black Forest Labs' code and of XLabs' processors.

Source: black-forest-labs/flux `model.py`; Chroma's `model.py`; diffusers `_convert_bfl_flux_control_lora_to_diffusers` and
`_convert_xlabs_flux_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_DOUBLE, _SINGLE = "transformer_blocks.N", "single_transformer_blocks.N"
_IMAGE = tuple(f"{_DOUBLE}.attn.to_{each}" for each in "qkv")
_TEXT = tuple(f"{_DOUBLE}.attn.add_{each}_proj" for each in "qkv")
_ONE = tuple(f"{_SINGLE}.attn.to_{each}" for each in "qkv")
_EMBED = "time_text_embed"

NATIVE = Native(
    name="flux",
    markers=("context_embedder", "single_transformer_blocks.0.proj_mlp"),
    modules={
        "double_blocks.N.img_attn.qkv": _IMAGE,
        "double_blocks.N.txt_attn.qkv": _TEXT,
        "double_blocks.N.img_attn.proj": (f"{_DOUBLE}.attn.to_out.0",),
        "double_blocks.N.txt_attn.proj": (f"{_DOUBLE}.attn.to_add_out",),
        "double_blocks.N.img_mlp.0": (f"{_DOUBLE}.ff.net.0.proj",),
        "double_blocks.N.img_mlp.2": (f"{_DOUBLE}.ff.net.2",),
        "double_blocks.N.txt_mlp.0": (f"{_DOUBLE}.ff_context.net.0.proj",),
        "double_blocks.N.txt_mlp.2": (f"{_DOUBLE}.ff_context.net.2",),
        "double_blocks.N.img_mod.lin": (f"{_DOUBLE}.norm1.linear",),
        "double_blocks.N.txt_mod.lin": (f"{_DOUBLE}.norm1_context.linear",),
        "single_blocks.N.linear1": (*_ONE, f"{_SINGLE}.proj_mlp"),
        "single_blocks.N.linear2": (f"{_SINGLE}.proj_out",),
        "single_blocks.N.modulation.lin": (f"{_SINGLE}.norm.linear",),
        "double_blocks.N.processor.qkv_lora1": _IMAGE,
        "double_blocks.N.processor.qkv_lora2": _TEXT,
        "double_blocks.N.processor.proj_lora1": (f"{_DOUBLE}.attn.to_out.0",),
        "double_blocks.N.processor.proj_lora2": (f"{_DOUBLE}.attn.to_add_out",),
        "single_blocks.N.processor.qkv_lora": _ONE,
        "single_blocks.N.processor.proj_lora": (f"{_SINGLE}.proj_out",),
        "img_in": ("x_embedder",),
        "txt_in": ("context_embedder",),
        "time_in.in_layer": (f"{_EMBED}.timestep_embedder.linear_1",),
        "time_in.out_layer": (f"{_EMBED}.timestep_embedder.linear_2",),
        "guidance_in.in_layer": (f"{_EMBED}.guidance_embedder.linear_1",),
        "guidance_in.out_layer": (f"{_EMBED}.guidance_embedder.linear_2",),
        "vector_in.in_layer": (f"{_EMBED}.text_embedder.linear_1",),
        "vector_in.out_layer": (f"{_EMBED}.text_embedder.linear_2",),
        "final_layer.linear": ("proj_out",),
        "final_layer.adaLN_modulation.1": ("norm_out.linear",),
        "distilled_guidance_layer.layers.N.in_layer": ("distilled_guidance_layer.layers.N.linear_1",),
        "distilled_guidance_layer.layers.N.out_layer": ("distilled_guidance_layer.layers.N.linear_2",),
    },
    permuted=frozenset({"final_layer.adaLN_modulation.1"}),
)
