"""FLUX.2: the names of Black Forest Labs' code.

Source: diffusers `_convert_non_diffusers_flux2_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_DOUBLE, _SINGLE = "transformer_blocks.N", "single_transformer_blocks.N"

NATIVE = Native(
    name="flux2",
    markers=("single_transformer_blocks.0.attn.to_qkv_mlp_proj",),
    modules={
        "double_blocks.N.img_attn.qkv": tuple(f"{_DOUBLE}.attn.to_{each}" for each in "qkv"),
        "double_blocks.N.txt_attn.qkv": tuple(f"{_DOUBLE}.attn.add_{each}_proj" for each in "qkv"),
        "double_blocks.N.img_attn.proj": (f"{_DOUBLE}.attn.to_out.0",),
        "double_blocks.N.txt_attn.proj": (f"{_DOUBLE}.attn.to_add_out",),
        "double_blocks.N.img_mlp.0": (f"{_DOUBLE}.ff.linear_in",),
        "double_blocks.N.img_mlp.2": (f"{_DOUBLE}.ff.linear_out",),
        "double_blocks.N.txt_mlp.0": (f"{_DOUBLE}.ff_context.linear_in",),
        "double_blocks.N.txt_mlp.2": (f"{_DOUBLE}.ff_context.linear_out",),
        "single_blocks.N.linear1": (f"{_SINGLE}.attn.to_qkv_mlp_proj",),
        "single_blocks.N.linear2": (f"{_SINGLE}.attn.to_out",),
        "img_in": ("x_embedder",),
        "txt_in": ("context_embedder",),
        "time_in.in_layer": ("time_guidance_embed.timestep_embedder.linear_1",),
        "time_in.out_layer": ("time_guidance_embed.timestep_embedder.linear_2",),
        "guidance_in.in_layer": ("time_guidance_embed.guidance_embedder.linear_1",),
        "guidance_in.out_layer": ("time_guidance_embed.guidance_embedder.linear_2",),
        "final_layer.linear": ("proj_out",),
        "final_layer.adaLN_modulation.1": ("norm_out.linear",),
        "single_stream_modulation.lin": ("single_stream_modulation.linear",),
        "double_stream_modulation_img.lin": ("double_stream_modulation_img.linear",),
        "double_stream_modulation_txt.lin": ("double_stream_modulation_txt.linear",),
    },
    permuted=frozenset({"final_layer.adaLN_modulation.1"}),
)
