"""The lab's CLIP: a transformers text tower, an open_clip image tower.

The text tower is trained as a CLIPTextModel, because it then is the pipeline's frozen text encoder, and
copied into open_clip's layout without loss.
"""

import json
from pathlib import Path

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from lorascan.lab.shapes import PIXELS
from lorascan.lab.tokenizer import CONTEXT, END_ID, START_ID, VOCABULARY_SIZE, write_tokenizer

EMBEDDING = 64
TEXT_WIDTH, TEXT_LAYERS, TEXT_HEADS = 128, 4, 4
VISION_WIDTH, VISION_LAYERS = 20, (1, 1, 1, 1)
HEAD_WIDTH = 64
MEAN = STD = (0.5, 0.5, 0.5)
"""Pictures are normalised to -1 to 1."""


def text_config() -> CLIPTextConfig:
    """Shape of the text tower: 1.33 million parameters."""
    return CLIPTextConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=TEXT_HEADS,
        max_position_embeddings=CONTEXT,
        hidden_act="quick_gelu",
        bos_token_id=START_ID,
        eos_token_id=END_ID,
        pad_token_id=END_ID,
        projection_dim=EMBEDDING,
    )


def open_clip_config() -> dict[str, object]:
    """open_clip's own description of the same model."""
    return {
        "model_cfg": {
            "embed_dim": EMBEDDING,
            "quick_gelu": True,
            "vision_cfg": {
                "image_size": PIXELS,
                "layers": list(VISION_LAYERS),
                "width": VISION_WIDTH,
                "head_width": HEAD_WIDTH,
                "patch_size": None,
            },
            "text_cfg": {
                "context_length": CONTEXT,
                "vocab_size": VOCABULARY_SIZE,
                "width": TEXT_WIDTH,
                "heads": TEXT_HEADS,
                "layers": TEXT_LAYERS,
                # Any name makes open_clip read the tokenizer beside this file.
                "hf_tokenizer_name": "lorascan-lab",
                "tokenizer_kwargs": {"clean": "lower", "strip_sep_token": False},
            },
        },
        "preprocess_cfg": {
            "mean": list(MEAN),
            "std": list(STD),
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }


class LabClip(nn.Module):
    """Both towers and the temperature while they are trained."""

    def __init__(self) -> None:
        """Untrained, weights drawn by torch's generator."""
        super().__init__()
        self.text = CLIPTextModel(text_config())
        heads = VISION_WIDTH * 32 // HEAD_WIDTH
        self.image = ModifiedResNet(list(VISION_LAYERS), EMBEDDING, heads, PIXELS, VISION_WIDTH)
        self.projection = nn.Parameter(torch.randn(TEXT_WIDTH, EMBEDDING) * TEXT_WIDTH**-0.5)
        self.temperature = nn.Parameter(torch.tensor(2.66))

    def text_states(self, ids: Tensor) -> Tensor:
        """(n, CONTEXT, TEXT_WIDTH) last hidden states of (n, CONTEXT) ids."""
        states: Tensor = self.text(input_ids=ids).last_hidden_state
        return states

    def pooled(self, states: Tensor, ids: Tensor) -> Tensor:
        """(n, EMBEDDING) unit vectors from the first end token's state."""
        first_end = (ids == END_ID).int().argmax(dim=1)
        rows = torch.arange(len(ids), device=ids.device)
        return nn.functional.normalize(states[rows, first_end] @ self.projection, dim=-1)

    def picture_vectors(self, pictures: Tensor) -> Tensor:
        """(n, EMBEDDING) unit vectors of (n, 3, 32, 32) pictures, -1 to 1."""
        return nn.functional.normalize(self.image(pictures), dim=-1)


def _text_block(source: dict[str, Tensor], layer: int) -> dict[str, Tensor]:
    """One transformer block in open_clip's names, query, key and value stacked."""
    ours, theirs = f"encoder.layers.{layer}.", f"transformer.resblocks.{layer}."
    block = {}
    for kind in ("weight", "bias"):
        parts = [source[f"{ours}self_attn.{name}_proj.{kind}"] for name in "qkv"]
        block[f"{theirs}attn.in_proj_{kind}"] = torch.cat(parts)
        block[f"{theirs}attn.out_proj.{kind}"] = source[f"{ours}self_attn.out_proj.{kind}"]
        block[f"{theirs}ln_1.{kind}"] = source[f"{ours}layer_norm1.{kind}"]
        block[f"{theirs}ln_2.{kind}"] = source[f"{ours}layer_norm2.{kind}"]
        block[f"{theirs}mlp.c_fc.{kind}"] = source[f"{ours}mlp.fc1.{kind}"]
        block[f"{theirs}mlp.c_proj.{kind}"] = source[f"{ours}mlp.fc2.{kind}"]
    return block


def open_clip_weights(model: LabClip) -> dict[str, Tensor]:
    """The trained towers under open_clip's names."""
    # Older transformers put a "text_model." before every name of the tower.
    source = {k.removeprefix("text_model."): v for k, v in model.text.state_dict().items()}
    weights = {
        "logit_scale": model.temperature.detach(),
        "text_projection": model.projection.detach(),
        "token_embedding.weight": source["embeddings.token_embedding.weight"],
        "positional_embedding": source["embeddings.position_embedding.weight"],
        "ln_final.weight": source["final_layer_norm.weight"],
        "ln_final.bias": source["final_layer_norm.bias"],
    }
    weights |= {f"visual.{name}": value for name, value in model.image.state_dict().items()}
    for layer in range(TEXT_LAYERS):
        weights |= _text_block(source, layer)
    return weights


def save_open_clip(model: LabClip, folder: Path) -> None:
    """Write the folder that open_clip loads as "local-dir:…", half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder)
    config = json.dumps(open_clip_config(), indent=2) + "\n"
    (folder / "open_clip_config.json").write_text(config, encoding="utf-8")
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu() for name, value in open_clip_weights(model).items()
    }
    save_file(halves, folder / "open_clip_model.safetensors", metadata={"format": "pt"})


def load_open_clip(folder: Path) -> tuple[open_clip.CLIP, open_clip.tokenizer.HFTokenizer]:
    """The scorer and its tokenizer, in single precision, ready to use."""
    name = f"local-dir:{folder}"
    model, _, _ = open_clip.create_model_and_transforms(name)
    return model.eval(), open_clip.get_tokenizer(name)
