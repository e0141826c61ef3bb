"""What the tensors' names address."""

import numpy as np

from tests.adapters.builders import ATTENTION
from tests.hostile.case import Case, one
from tests.hostile.sound import STEM, Tensors, changed, written

_F32 = np.float32


def _pair(stem: str, width: int = 64, rank: int = 4) -> Tensors:
    down = np.full((rank, width), 0.01, dtype=_F32)
    return {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": down.T.copy()}


def _with(name: str, rule: str, key: str, shape: tuple[int, ...] = (4,), *, dialect: str = "kohya") -> Case:
    alpha = 4.0 if dialect == "kohya" else None
    content = changed(lambda tensors: {**tensors, key: np.full(shape, 0.01, dtype=_F32)}, dialect=dialect, alpha=alpha)
    return one(name, content, rule)


def _beside(name: str, rule: str, more: Tensors, *, dialect: str = "peft") -> Case:
    return one(name, changed(lambda tensors: {**tensors, **more}, dialect=dialect, alpha=4.0 if dialect == "kohya" else None), rule)


CASES: tuple[Case, ...] = (
    _beside("an update of the safety checker", "LS501", _pair("safety_checker.vision_model.x")),
    _with("a tensor of the safety checker", "LS501", "safety_checker.concept_embeds"),
    _beside("an update of the VAE", "LS501", _pair("vae.decoder.mid_block.attentions.0.to_q")),
    _beside("an update of the image encoder", "LS501", _pair("image_encoder.x")),
    _beside("an update of a ControlNet", "LS501", _pair(f"controlnet.{ATTENTION}")),
    _beside("a module that no base has", "LS502", _pair("unet.nowhere")),
    one("an adapter of no base at all", written(_pair("transformer.nowhere.to_q", width=48)), "LS502"),
    _with("an embedded word", "LS503", "<s1>", (768,)),
    _with("an embedded word of kohya", "LS503", "bundle_emb.sks.string_to_param.*", (2, 768)),
    _with("a full difference", "LS504", f"{STEM[:-1]}k.diff", (64, 64)),
    _with("a trained bias", "LS504", f"{STEM}.lora_B.bias", (64,)),
    _with("a weight of the base", "LS406", "conv_in.weight", (32, 4, 3, 3), dialect="peft"),
    _with("a weight of the base by PEFT's name", "LS406", "base_model.model.conv_in.weight", (32, 4, 3, 3), dialect="peft"),
    _beside("two dialects", "LS505", _pair(f"unet.{ATTENTION[:-1]}k"), dialect="kohya"),
    _with("a control marker", "LS506", "lora_controlnet", (1,)),
    _beside(
        "another adapter's name",
        "LS507",
        {
            f"unet.{ATTENTION}.lora_A.default_0.weight": np.ones((4, 64), dtype=_F32),
            f"unet.{ATTENTION}.lora_B.default_0.weight": np.ones((64, 4), dtype=_F32),
        },
    ),
    _with("a tensor that nobody knows", "LS510", "something.else"),
    one(
        "a whole model",
        written({f"model.diffusion_model.input_blocks.{each}.0.weight": np.ones((8, 8), dtype=_F32) for each in range(9)}),
        "LS509",
        "LS406",
        "LS510",
    ),
    one(
        "a language model",
        written({f"model.layers.{each}.self_attn.q_proj.weight": np.ones((8, 8), dtype=_F32) for each in range(9)}),
        "LS509",
        "LS406",
        "LS510",
    ),
    one("a textual inversion alone", written({"emb_params": np.ones((2, 768), dtype=_F32)}), "LS509", "LS503"),
    one(
        "a VAE",
        written({"decoder.conv_in.weight": np.ones((8, 4, 3, 3), dtype=_F32), "encoder.conv_in.bias": np.ones(8, dtype=_F32)}),
        "LS509",
        "LS406",
        "LS510",
    ),
    one("no tensor at all", written({}), "LS509"),
)
