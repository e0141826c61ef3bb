"""Builds small diffusers folders without any model."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

UNET = {
    "conv_in.weight": (8, 4, 3, 3),
    "conv_in.bias": (8,),
    "down_blocks.0.attentions.0.proj_in.weight": (8, 8, 1, 1),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight": (8, 8),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (8, 16),
    "down_blocks.0.attentions.0.norm.weight": (8,),
}
TEXT = {
    "text_model.embeddings.token_embedding.weight": (100, 16),
    "text_model.encoder.layers.0.self_attn.q_proj.weight": (16, 16),
    "text_model.final_layer_norm.weight": (16,),
}
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.30.0",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "safety_checker": [None, None],
}


def make_folder(folder: Path, *, index: dict[str, object] | None = None, variant: str = "") -> Path:
    """A pipeline folder with headers and zeros, enough for everything that does not load it."""
    (folder / "unet").mkdir(parents=True)
    (folder / "text_encoder").mkdir()
    (folder / "model_index.json").write_text(json.dumps(index or INDEX))
    write(folder / "unet" / f"diffusion_pytorch_model{variant}.safetensors", UNET)
    write(folder / "text_encoder" / f"model{variant}.safetensors", TEXT)
    return folder


def write(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """A safetensors file of zeros."""
    save_file({name: np.zeros(shape, dtype=np.float16) for name, shape in shapes.items()}, path)
