"""Names of every base's dialects find their module, and with it the base."""

import pytest

from lorascan.bases import identify, manifests
from lorascan.core.adapter import Claims
from lorascan.core.errors import Refused
from lorascan.dialects import read_adapter
from tests.adapters.builders import zero_file

Shapes = dict[str, tuple[int, ...]]
PEFT = (".lora_A.weight", ".lora_B.weight")
KOHYA = (".lora_down.weight", ".lora_up.weight")


def pair(stem: str, out: int, width: int, endings: tuple[str, str] = PEFT) -> Shapes:
    return {f"{stem}{endings[0]}": (4, width), f"{stem}{endings[1]}": (out, 4)}


def flat(stem: str, out: int, width: int) -> Shapes:
    return pair(stem, out, width, KOHYA)


BLOCK = "transformer_blocks.0"
QKV = [f"{BLOCK}.attn.to_{each}" for each in "qkv"]
WAN = "diffusion_model.blocks.0"
SGM = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
DOWN = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
FLUX1 = {"flux1_dev", "flux1_schnell"}
CASES: dict[str, tuple[Shapes, str, set[str], list[str]]] = {
    "Wan, original names": (
        pair(f"{WAN}.self_attn.q", 1536, 1536) | {f"{WAN}.self_attn.q.diff_b": (1536,)},
        "native",
        {"wan_1_3b"},
        ["blocks.0.attn1.to_q", "blocks.0.attn1.to_q"],
    ),
    "Wan, musubi": (flat("lora_unet_blocks_0_ffn_0", 13824, 5120), "kohya-wan", {"wan_14b"}, ["blocks.0.ffn.net.0.proj"]),
    "Wan-Fun, a doubled underscore": (
        flat("lora_unet__blocks_0_ffn_0", 13824, 5120),
        "kohya-wan",
        {"wan_14b"},
        ["blocks.0.ffn.net.0.proj"],
    ),
    "SD3": (flat("lora_unet_joint_blocks_0_x_block_attn_qkv", 4608, 1536), "kohya-sd3", {"sd3_medium", "sd35_medium"}, QKV),
    "SD3.5 large": (flat("lora_unet_joint_blocks_0_x_block_attn_qkv", 7296, 2432), "kohya-sd3", {"sd35_large"}, QKV),
    "FLUX.1, OneTrainer": (
        flat("lora_transformer_transformer_blocks_0_attn_to_q", 3072, 3072)
        | flat("lora_transformer_single_transformer_blocks_0_proj_mlp", 12288, 3072)
        | flat("lora_te1_text_model_encoder_layers_0_mlp_fc1", 3072, 768),
        "onetrainer",
        FLUX1,
        [QKV[0], "single_transformer_blocks.0.proj_mlp", "encoder.layers.0.mlp.fc1"],
    ),
    "FLUX.1 with T5": (
        flat("lora_unet_double_blocks_0_img_attn_proj", 3072, 3072) | flat("lora_te2_encoder_block_0_layer_0_SelfAttention_q", 4096, 4096),
        "kohya-flux",
        FLUX1,
        [f"{BLOCK}.attn.to_out.0", "encoder.block.0.layer.0.SelfAttention.q"],
    ),
    "FLUX.2 dev": (pair("diffusion_model.double_blocks.0.img_attn.qkv", 18432, 6144), "native", {"flux2_dev"}, QKV),
    "FLUX.2 klein": (
        flat("lora_unet_single_blocks_0_linear2", 3072, 12288),
        "kohya-flux2",
        {"flux2_klein_4b"},
        ["single_transformer_blocks.0.attn.to_out"],
    ),
    "Z-Image": (
        pair("diffusion_model.layers.0.attention.qkv", 11520, 3840),
        "native",
        {"z_image"},
        [f"layers.0.attention.to_{each}" for each in "qkv"],
    ),
    "Lumina 2, uneven rows": (
        pair("diffusion_model.layers.0.attention.qkv", 3840, 2304),
        "native",
        {"lumina2"},
        [f"layers.0.attn.to_{each}" for each in "qkv"],
    ),
    "HunyuanVideo": (pair("diffusion_model.double_blocks.0.img_attn_qkv", 9216, 3072), "native", {"hunyuan_video"}, QKV),
    "Qwen-Image": (
        pair("diffusion_model.transformer_blocks.59.attn.to_q", 3072, 3072),
        "native",
        {"qwen_image"},
        ["transformer_blocks.59.attn.to_q"],
    ),
    "SDXL": (flat(SGM, 640, 2048), "kohya-sgm", {"sdxl"}, [DOWN]),
    "SDXL refiner": (flat(SGM, 768, 1280), "kohya-sgm", {"sdxl_refiner"}, [DOWN]),
    "Kandinsky 2.2": (
        pair("unet.down_blocks.1.attentions.0.add_k_proj", 768, 768),
        "peft",
        {"kandinsky22"},
        ["down_blocks.1.attentions.0.add_k_proj"],
    ),
    "Chroma, original names": (
        flat("lora_unet_distilled_guidance_layer_layers_0_in_layer", 5120, 5120)
        | flat("lora_unet_double_blocks_0_img_attn_proj", 3072, 3072),
        "kohya-flux",
        {"chroma"},
        ["distilled_guidance_layer.layers.0.linear_1", f"{BLOCK}.attn.to_out.0"],
    ),
    "FLUX.1 control, a wider input": (
        pair("double_blocks.0.img_attn.proj", 3072, 3072)
        | pair("img_in", 3072, 128)
        | {"double_blocks.0.img_attn.proj.lora_B.bias": (3072,), "img_in.lora_B.bias": (3072,)},
        "bfl",
        FLUX1,
        [f"{BLOCK}.attn.to_out.0", "x_embedder"],
    ),
    "Stable Cascade, OneTrainer": (
        flat("lora_prior_unet_down_blocks_0_2_attention_to_k", 2048, 2048)
        | flat("lora_prior_te_text_model_encoder_layers_0_mlp_fc1", 5120, 1280),
        "onetrainer",
        {"stable_cascade"},
        ["down_blocks.0.2.attention.to_k", "text_model.encoder.layers.0.mlp.fc1"],
    ),
    "text encoders under ComfyUI's names": (
        pair("text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1", 3072, 768)
        | pair("text_encoders.clip_g.transformer.text_model.encoder.layers.0.mlp.fc1", 5120, 1280, KOHYA)
        | pair("diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k", 640, 2048),
        "native",
        {"sdxl"},
        ["encoder.layers.0.mlp.fc1", "text_model.encoder.layers.0.mlp.fc1", DOWN],
    ),
    "PEFT's wrapper behind a component": (
        pair("unet.base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 640, 2048),
        "peft",
        {"sdxl"},
        [DOWN],
    ),
    "factors without .weight": (pair(f"unet.{DOWN}", 640, 2048, (".lora_A", ".lora_B")), "peft", {"sdxl"}, [DOWN]),
    "LTX": (pair("diffusion_model.transformer_blocks.0.attn1.to_q", 2048, 2048), "native", {"ltx_video"}, [f"{BLOCK}.attn1.to_q"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_finds_its_module_and_its_base(case: str) -> None:
    shapes, dialect, families, paths = CASES[case]
    file = zero_file(shapes)

    adapter = read_adapter(file, manifests())
    base = identify(adapter, None, Claims(), file)

    assert dialect in adapter.facts.dialects
    assert {each.module_path for each in adapter.updates} == set(paths)
    assert all(each.resolved for each in adapter.updates)
    assert set(base.candidates) == families
    assert base.family in {None, *families}


def test_a_text_encoder_beside_a_denoiser_of_one_dialect_makes_no_second_dialect() -> None:
    shapes = flat(SGM, 640, 2048) | flat("lora_te1_text_model_encoder_layers_0_mlp_fc1", 3072, 768)

    assert read_adapter(zero_file(shapes), manifests()).facts.dialects == ("kohya-sgm",)


def test_rows_of_a_fused_matrix_follow_one_another_and_cover_it() -> None:
    file = zero_file(pair("diffusion_model.layers.0.attention.qkv", 3840, 2304))

    adapter = read_adapter(file, manifests())

    assert [each.rows for each in adapter.updates] == [(0, 2304), (2304, 3072), (3072, 3840)]
    assert {each.fused for each in adapter.updates} == {"layers.0.attention.qkv"}


def test_a_fused_matrix_that_does_not_fit_is_kept_whole_and_not_resolved() -> None:
    adapter = read_adapter(zero_file(pair("diffusion_model.double_blocks.0.img_attn.qkv", 24, 8)), manifests())

    assert [(each.resolved, each.rows, each.shape) for each in adapter.updates] == [(False, None, (24, 8))]


def test_a_kind_that_tells_only_one_side_takes_the_other_from_the_base() -> None:
    stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    sd15 = [each for each in manifests() if each.family == "sd15"]

    adapter = read_adapter(zero_file({f"{stem}.oft_blocks": (4, 80, 80)}), sd15)

    assert [(each.name, each.shape) for each in adapter.updates] == [("oft", (320, 768))]


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ({"lllite_unet_input_blocks_4_1.down.0.weight": (16, 32)}, "ControlNet-LLLite"),
        ({"emb_params": (4, 768)}, "textual-inversion"),
        ({"clip_l": (4, 768), "clip_g": (4, 1280)}, "textual-inversion"),
        ({"lora_controlnet": (1,), "input_blocks.1.1.x.up": (320, 4), "input_blocks.1.1.x.down": (4, 320)}, "control-LoRA"),
        ({"decoder.conv_in.weight": (512, 4, 3, 3)}, "VAE"),
        ({"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3)}, "full checkpoint"),
    ],
)
def test_what_is_no_adapter_is_named(shapes: Shapes, kind: str) -> None:
    with pytest.raises(Refused, match=kind):
        read_adapter(zero_file(shapes), manifests())
