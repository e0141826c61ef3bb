"""The text encoders that several families share.

Adapters for the language models of newer bases (Gemma, Llama, Mistral, Qwen) are left out: no loader applies any, and a
chat model's modules are named alike in all of them.
"""

from lorascan.bases._family import Model


def clip_text(width: int, feed_forward: int, layers: int, heads: int, **more: int) -> dict[str, int]:
    """The sizes of a CLIP text tower, as transformers' CLIPTextConfig names them."""
    return {
        "hidden_size": width,
        "intermediate_size": feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        # The default token ids lie outside small vocabularies; they touch no shape.
        "bos_token_id": 0,
        "eos_token_id": 1,
        **more,
    }


def _clip(name: str, config: dict[str, int], class_name: str = "CLIPTextModel") -> Model:
    return Model(name=name, class_name=class_name, config=config, library="transformers")


def _t5(name: str, class_name: str, width: int, feed_forward: int, heads: int, vocabulary: int = 32_128) -> Model:
    """A T5 1.1 encoder of 24 layers: gated GELU, keys of 64."""
    config = {
        "vocab_size": vocabulary,
        "d_model": width,
        "d_ff": feed_forward,
        "num_layers": 24,
        "num_heads": heads,
        "d_kv": 64,
        "feed_forward_proj": "gated-gelu",
    }
    return Model(name=name, class_name=class_name, config=config, library="transformers")


CLIP_L = _clip("clip_l", clip_text(768, 3072, 12, 12))
CLIP_L_PROJECTED = _clip("clip_l_projected", clip_text(768, 3072, 12, 12, projection_dim=768), "CLIPTextModelWithProjection")
OPEN_CLIP_H = _clip("open_clip_h", clip_text(1024, 4096, 23, 16))
"""Stable Diffusion 2 drops the last of 24 layers."""
BIG_G = _clip("big_g", clip_text(1280, 5120, 32, 20))
BIG_G_PROJECTED = _clip("big_g_projected", clip_text(1280, 5120, 32, 20, projection_dim=1280), "CLIPTextModelWithProjection")
T5_XXL = _t5("t5_xxl", "T5EncoderModel", 4096, 10_240, 64)
UMT5_XXL = _t5("umt5_xxl", "UMT5EncoderModel", 4096, 10_240, 64, 256_384)
PILE_T5_XL = _t5("pile_t5_xl", "UMT5EncoderModel", 2048, 5120, 32)
