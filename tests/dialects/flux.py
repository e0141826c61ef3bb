"""A FLUX of width 8 with one block of each kind, and known key sets of its dialects."""

from lorascan.dialects import Manifest

QKV = tuple(f"transformer_blocks.0.attn.to_{each}" for each in "qkv")
ADDED = tuple(f"transformer_blocks.0.attn.add_{each}_proj" for each in "qkv")
ONE = tuple(f"single_transformer_blocks.0.attn.to_{each}" for each in "qkv")
SHAPES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys((*QKV, *ADDED, *ONE), (8, 8)),
    "transformer_blocks.0.attn.to_out.0": (8, 8),
    "transformer_blocks.0.attn.to_add_out": (8, 8),
    "transformer_blocks.0.ff.net.0.proj": (32, 8),
    "transformer_blocks.0.ff.net.2": (8, 32),
    "transformer_blocks.0.ff_context.net.0.proj": (32, 8),
    "transformer_blocks.0.ff_context.net.2": (8, 32),
    "transformer_blocks.0.norm1.linear": (48, 8),
    "transformer_blocks.0.norm1_context.linear": (48, 8),
    "single_transformer_blocks.0.proj_mlp": (32, 8),
    "single_transformer_blocks.0.proj_out": (8, 40),
    "single_transformer_blocks.0.norm.linear": (24, 8),
    "x_embedder": (8, 4),
    "context_embedder": (8, 16),
    "norm_out.linear": (16, 8),
    "proj_out": (4, 8),
}
TINY = Manifest(family="flux", modules={"transformer": SHAPES})
