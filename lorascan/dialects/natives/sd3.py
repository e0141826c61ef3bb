"""Stable Diffusion 3: the names of Stability AI's code.

Source: diffusers `scripts/convert_sd3_to_diffusers.py` (read, not copied).
"""

from lorascan.dialects.natives._native import Native

_BLOCK = "transformer_blocks.N"

NATIVE = Native(
    name="sd3",
    markers=("pos_embed.proj",),
    modules={
        "joint_blocks.N.x_block.attn.qkv": tuple(f"{_BLOCK}.attn.to_{each}" for each in "qkv"),
        "joint_blocks.N.context_block.attn.qkv": tuple(f"{_BLOCK}.attn.add_{each}_proj" for each in "qkv"),
        "joint_blocks.N.x_block.attn2.qkv": tuple(f"{_BLOCK}.attn2.to_{each}" for each in "qkv"),
        "joint_blocks.N.x_block.attn.proj": (f"{_BLOCK}.attn.to_out.0",),
        "joint_blocks.N.x_block.attn2.proj": (f"{_BLOCK}.attn2.to_out.0",),
        "joint_blocks.N.context_block.attn.proj": (f"{_BLOCK}.attn.to_add_out",),
        "joint_blocks.N.x_block.mlp.fc1": (f"{_BLOCK}.ff.net.0.proj",),
        "joint_blocks.N.x_block.mlp.fc2": (f"{_BLOCK}.ff.net.2",),
        "joint_blocks.N.context_block.mlp.fc1": (f"{_BLOCK}.ff_context.net.0.proj",),
        "joint_blocks.N.context_block.mlp.fc2": (f"{_BLOCK}.ff_context.net.2",),
        "joint_blocks.N.x_block.adaLN_modulation.1": (f"{_BLOCK}.norm1.linear",),
        "joint_blocks.N.context_block.adaLN_modulation.1": (f"{_BLOCK}.norm1_context.linear",),
        "x_embedder.proj": ("pos_embed.proj",),
        "y_embedder.mlp.0": ("time_text_embed.text_embedder.linear_1",),
        "y_embedder.mlp.2": ("time_text_embed.text_embedder.linear_2",),
        "t_embedder.mlp.0": ("time_text_embed.timestep_embedder.linear_1",),
        "t_embedder.mlp.2": ("time_text_embed.timestep_embedder.linear_2",),
        "final_layer.linear": ("proj_out",),
        "final_layer.adaLN_modulation.1": ("norm_out.linear",),
    },
    permuted=frozenset({"final_layer.adaLN_modulation.1"}),
)
