"""Makes the manifests from the configurations of the bases.

Run as `python -m lorascan.bases._generate [FAMILY…]`. Imports torch, diffusers and transformers; the models are built
on the meta device, so that no weights are needed. Configurations are written down here where the classes' defaults
are not those of the release.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from lorascan.bases._manifests import FOLDER, families

_SD = {
    "sample_size": 64,
    "layers_per_block": 2,
    "block_out_channels": (320, 640, 1280, 1280),
}
_LAB_UNET = {
    "sample_size": 16,
    "in_channels": 8,
    "out_channels": 8,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (32, 64, 96),
    "layers_per_block": 1,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
    "cross_attention_dim": 128,
    "use_linear_projection": True,
}
_SDXL_UNET = {
    "sample_size": 128,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
_UNETS: Mapping[str, Mapping[str, Any]] = {
    "lab": _LAB_UNET,
    "sd15": {**_SD, "cross_attention_dim": 768, "attention_head_dim": 8},
    "sd2": {
        **_SD,
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
    "sdxl": _SDXL_UNET,
}


def _text(width: int, feed_forward: int, layers: int, heads: int, **more: int) -> dict[str, int]:
    return {
        "hidden_size": width,
        "intermediate_size": feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        **more,
    }


_CLIP_L = _text(768, 3072, 12, 12)
_TEXT_ENCODERS: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    "lab": {"text_encoder": _text(128, 512, 4, 4, vocab_size=4188, max_position_embeddings=24)},
    "sd15": {"text_encoder": _CLIP_L},
    "sd2": {"text_encoder": _text(1024, 4096, 23, 16)},
    "sdxl": {"text_encoder": _CLIP_L, "text_encoder_2": _text(1280, 5120, 32, 20, projection_dim=1280)},
}


def manifest_json(family: str) -> dict[str, Any]:
    """What the family's manifest file holds: module paths → weight shapes, and parameter counts, per component."""
    models = dict(_models(family))
    return {
        "family": family,
        "parameters": {name: sum(each.numel() for each in model.parameters()) for name, model in models.items()},
        "modules": {name: dict(_weights(model)) for name, model in models.items()},
    }


def _models(family: str) -> Iterator[tuple[str, nn.Module]]:
    with torch.device("meta"):
        yield "unet", UNet2DConditionModel(**_UNETS[family])
        for name, sizes in _TEXT_ENCODERS[family].items():
            model_class = CLIPTextModelWithProjection if name == "text_encoder_2" else CLIPTextModel
            # The default token ids lie outside the lab's vocabulary; they do not touch any shape.
            yield name, model_class(CLIPTextConfig(**sizes, bos_token_id=0, eos_token_id=1))


def _weights(model: nn.Module) -> Iterator[tuple[str, list[int]]]:
    for path, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            yield path, list(module.weight.shape)


def main(names: list[str]) -> None:
    """Write the manifests of the named families, of all where none is named."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or sorted(families()):
        text = json.dumps(manifest_json(name), separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
