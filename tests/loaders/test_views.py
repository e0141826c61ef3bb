"""What each loader applies and drops, kind by kind and dialect by dialect."""

import numpy as np
import pytest

from lorascan.bases import identify, manifests
from lorascan.core.adapter import Claims
from lorascan.dialects import read_adapter
from lorascan.loaders import View, views
from tests.adapters.builders import zero_file

Shapes = dict[str, tuple[int, ...]]
BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0"
FLAT = f"lora_unet_{BLOCK.replace('.', '_')}_attn1_to_q"
DOT = f"unet.{BLOCK}.attn1.to_q"
KOHYA = {f"{FLAT}.lora_down.weight": (4, 320), f"{FLAT}.lora_up.weight": (320, 4)}
PEFT = {f"{DOT}.lora_A.weight": (4, 320), f"{DOT}.lora_B.weight": (320, 4)}
QKV = "double_blocks.0.img_attn.qkv"


def pair(stem: str, down: str = ".lora_A.weight", up: str = ".lora_B.weight", out: int = 3072, width: int = 3072) -> Shapes:
    return {f"{stem}{down}": (4, width), f"{stem}{up}": (out, 4)}


def onetrainer(module: str, out: int = 3072) -> Shapes:
    stem = f"lora_transformer_transformer_blocks_0_{module}"
    return pair(stem, ".lora_down.weight", ".lora_up.weight", out) | {f"{stem}.alpha": ()}


def flat(*endings: tuple[str, tuple[int, ...]]) -> Shapes:
    return {f"{FLAT}{ending}": shape for ending, shape in endings}


def clip(*modules: str) -> Shapes:
    stems = [f"lora_te_text_model_encoder_layers_0_{each}" for each in modules]
    return {
        key: size
        for stem in stems
        for key, size in pair(stem, ".lora_down.weight", ".lora_up.weight", 3072 if "fc1" in stem else 768, 768).items()
    }


def musubi() -> Shapes:
    shapes: Shapes = {}
    for module in (*(f"{each}_attn_{part}" for each in ("self", "cross") for part in "qkvo"), "ffn_0", "ffn_2"):
        stem, out, width = f"lora_unet_blocks_0_{module}", 8960 if module == "ffn_0" else 1536, 8960 if module == "ffn_2" else 1536
        shapes |= pair(stem, ".lora_down.weight", ".lora_up.weight", out, width) | {f"{stem}.alpha": ()}
    return shapes


FORWARD = f"unet.{BLOCK}.ff.net.0.proj"
OUTSIDE = pair(FORWARD, out=2560, width=320)
LOHA = flat((".hada_w1_a", (320, 4)), (".hada_w1_b", (4, 320)), (".hada_w2_a", (320, 4)), (".hada_w2_b", (4, 320)))
GLORA = flat((".a1.weight", (320, 4)), (".a2.weight", (4, 320)), (".b1.weight", (320, 4)), (".b2.weight", (4, 320)))
CONV = "lora_unet_down_blocks_0_resnets_0_conv1"
TUCKER = {
    f"{CONV}.lora_down.weight": (4, 320, 1, 1),
    f"{CONV}.lora_mid.weight": (4, 4, 3, 3),
    f"{CONV}.lora_up.weight": (320, 4, 1, 1),
}
T5 = "encoder_block_0_layer_0_SelfAttention_q"


def seen(shapes: Shapes) -> dict[str, View]:
    adapter = read_adapter(zero_file(shapes), manifests())
    return {each.loader: each for each in views(adapter, identify(adapter, None, Claims()))}


CASES: dict[str, tuple[Shapes, int | None, int | None]] = {
    "kohya": (KOHYA, 1, 1),
    "tucker": (TUCKER, 0, 1),
    "loha": (LOHA, 0, 1),
    "lokr": (flat((".lokr_w1", (16, 16)), (".lokr_w2", (20, 20))), 0, 1),
    "dora_scale": (KOHYA | flat((".dora_scale", (320, 1))), 1, 1),
    "PEFT's magnitude": (PEFT | {f"{DOT}.lora_magnitude_vector": (320,)}, 1, 0),
    "PEFT's magnitude outside attention": (OUTSIDE | {f"{FORWARD}.lora_magnitude_vector": (2560,)}, 1, 1),
    "full difference": (KOHYA | {f"{FLAT[:-1]}k.diff": (320, 320)}, 0, 2),
    "ia3": (flat((".weight", (320, 1)), (".on_input", ())), 0, 0),
    "oft": (flat((".oft_blocks", (10, 32, 32))), 0, 1),
    "glora": (GLORA, 0, 1),
    "kohya with a trained word": (KOHYA | {"bundle_emb.word.clip_l": (2, 768)}, 0, 1),
    "attention processors": (pair(f"unet.{BLOCK}.attn1.processor.to_q_lora", ".down.weight", ".up.weight", 320, 320), 1, 1),
    "bare attention processors": (pair(f"{BLOCK}.attn1.processor.to_q_lora", ".down.weight", ".up.weight", 320, 320), 0, 1),
    "PEFT names": (PEFT, 1, 0),
    "PEFT names outside attention": (OUTSIDE, 1, 1),
    "PEFT folder": (pair(f"base_model.model.{BLOCK}.attn1.to_q", out=320, width=320), 0, 0),
    "PEFT folder of SD3": (pair("base_model.model.transformer_blocks.37.attn.to_q", out=2432, width=2432), 0, 1),
    "PEFT's wrapper behind the component": (pair(f"unet.base_model.model.{BLOCK}.attn1.to_q", out=320, width=320), 0, 0),
    "positions": ({"unet:0:down": (4, 320), "unet:0:up": (320, 4)}, 0, 0),
    "kohya FLUX": (pair(f"lora_unet_{QKV.replace('.', '_')}", ".lora_down.weight", ".lora_up.weight", 9216), 3, 3),
    "kohya FLUX with T5": (
        pair(f"lora_unet_{QKV.replace('.', '_')}", ".lora_down.weight", ".lora_up.weight", 9216)
        | pair(f"lora_te3_{T5}", ".lora_down.weight", ".lora_up.weight", 4096, 4096),
        3,
        4,
    ),
    "FLUX in BFL's names": (pair(f"diffusion_model.{QKV}", out=9216), 0, 3),
    "XLabs, a part": (pair("double_blocks.0.processor.qkv_lora1", ".down.weight", ".up.weight", 9216), 3, 0),
    "XLabs, whole": (
        pair("double_blocks.18.processor.qkv_lora2", ".down.weight", ".up.weight", 9216)
        | pair("single_blocks.37.processor.qkv_lora", ".down.weight", ".up.weight", 9216),
        6,
        6,
    ),
    "FLUX names under diffusion_model": (pair("diffusion_model.transformer_blocks.0.attn.add_q_proj"), 0, 0),
    "FLUX, LyCORIS": (pair("lycoris_single_transformer_blocks_0_proj_mlp", ".lora_down.weight", ".lora_up.weight", 12288), 0, 1),
    "FLUX, a padded shape": (
        pair("diffusion_model.single_blocks.0.linear2", ".lora_down.weight", ".lora_up.weight", 3072, 15360)
        | {"diffusion_model.single_blocks.0.linear2.reshape_weight": (2,)},
        0,
        1,
    ),
    "FLUX control, a part": (
        pair("double_blocks.0.img_attn.proj") | {"double_blocks.0.img_attn.norm.query_norm.scale": (128,)},
        0,
        0,
    ),
    "SD 1.5 in the original names": (
        pair("lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k", ".lora_down.weight", ".lora_up.weight", 320, 768),
        0,
        1,
    ),
    "SDXL in two namings": (
        pair("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", ".lora_down.weight", ".lora_up.weight", 640, 2048)
        | pair("lora_unet_down_blocks_2_attentions_0_transformer_blocks_0_attn2_to_k", ".lora_down.weight", ".lora_up.weight", 1280, 2048),
        1,
        2,
    ),
    "kohya, a text encoder without output projections": (KOHYA | clip("self_attn_q_proj", "mlp_fc1"), 2, 3),
    "kohya, a text encoder's queries alone": (KOHYA | clip("self_attn_q_proj"), 0, 2),
    "kohya, a text encoder's attention": (KOHYA | clip("self_attn_q_proj", "self_attn_out_proj"), 3, 3),
    "Lumina 2, a part of a block": (pair("diffusion_model.layers.0.attention.qkv", out=3840, width=2304), 0, 3),
    "Z-Image, fused": (
        pair("diffusion_model.layers.0.attention.qkv", out=11520, width=3840)
        | pair("diffusion_model.layers.0.feed_forward.w1", out=10240, width=3840),
        1,
        4,
    ),
    "HunyuanVideo with α": (
        pair("diffusion_model.double_blocks.0.img_attn_qkv", out=9216) | {"diffusion_model.double_blocks.0.img_attn_qkv.alpha": ()},
        0,
        3,
    ),
    "Würstchen's prior": (pair("prior.blocks.2.attention.to_k", out=1536, width=1536), 1, 0),
    "Kandinsky 2.2": (pair("unet.down_blocks.1.attentions.0.add_k_proj", out=768, width=768), 0, 0),
    "FLUX in diffusers' names": (pair("transformer.single_transformer_blocks.0.proj_mlp", out=12288), 1, 1),
    "FLUX in kohya's names outside the blocks": (
        pair("lora_unet_final_layer_linear", ".lora_down.weight", ".lora_up.weight", 64)
        | pair("lora_unet_double_blocks_0_img_attn_proj", ".lora_down.weight", ".lora_up.weight"),
        1,
        2,
    ),
    "FLUX in kohya's names with a bias": (
        pair("lora_unet_double_blocks_0_img_attn_proj", ".lora_down.weight", ".lora_up.weight")
        | {"lora_unet_double_blocks_0_img_attn_proj.diff_b": (3072,)},
        1,
        2,
    ),
    "OneTrainer, attention": (onetrainer("attn_to_q"), 1, 1),
    "OneTrainer, feed-forward": (onetrainer("attn_to_q") | onetrainer("ff_net_0_proj", 12288), 0, 2),
    "OneTrainer without α": ({name: shape for name, shape in onetrainer("attn_to_q").items() if ".alpha" not in name}, 0, 1),
    "OneTrainer with a trained word": (onetrainer("attn_to_q") | {"bundle_emb.word.clip_l": (2, 768)}, 0, 1),
    "Qwen-Image with α": (
        pair("transformer_blocks.59.img_mod.1", ".lora_down.weight", ".lora_up.weight", 18432)
        | {"transformer_blocks.59.img_mod.1.alpha": ()},
        1,
        1,
    ),
    "Qwen-Image LoKr": (
        {"lora_unet_transformer_blocks_59_img_mod_1.lokr_w1": (2, 2), "lora_unet_transformer_blocks_59_img_mod_1.lokr_w2": (9216, 1536)},
        0,
        1,
    ),
    "Wan, a norm's difference": (
        pair("diffusion_model.blocks.0.self_attn.q", out=1536, width=1536) | {"diffusion_model.blocks.0.self_attn.norm_q.diff": (1536,)},
        1,
        2,
    ),
    "musubi, a part of a block": (pair("lora_unet_blocks_0_self_attn_q", ".lora_down.weight", ".lora_up.weight", 1536, 1536), 0, 1),
    "musubi, a block": (musubi(), 10, 10),
    "Wan-Fun": (pair("lora_unet__blocks_0_cross_attn_k", ".lora_down.weight", ".lora_up.weight", 1536, 1536), 0, 1),
}
"""Tensors, and how many updates diffusers and ComfyUI apply of them; None where only some of the names are read."""


@pytest.mark.parametrize("case", CASES)
def test_diffusers_and_comfyui_apply_what_the_table_says(case: str) -> None:
    shapes, diffusers, comfyui = CASES[case]

    found = seen(shapes)

    assert found["diffusers"].applied == diffusers
    if comfyui is None:
        assert {each.applied for each in found["comfyui"].treatments} == {None}
    else:
        assert found["comfyui"].applied == comfyui


@pytest.mark.parametrize(
    ("shapes", "loader", "lost"),
    [
        (KOHYA | flat((".dora_scale", (320, 1))), "diffusers", f"{FLAT}.dora_scale"),
        (OUTSIDE | {f"{FORWARD}.lora_magnitude_vector": (2560,)}, "comfyui", f"{FORWARD}.lora_magnitude_vector"),
        (
            pair("transformer.single_transformer_blocks.0.proj_mlp", ".lora_down.weight", ".lora_up.weight", out=12288)
            | {"transformer.single_transformer_blocks.0.proj_mlp.alpha": ()},
            "diffusers",
            "transformer.single_transformer_blocks.0.proj_mlp.alpha",
        ),
    ],
)
def test_a_tensor_that_is_dropped_from_an_applied_update_is_named(shapes: Shapes, loader: str, lost: str) -> None:
    view = seen(shapes)[loader]

    assert [[span.name for span in each.lost] for each in view.treatments if each.applied] == [[lost]]


def test_one_alpha_is_every_modules_alpha_for_diffusers_only() -> None:
    from dataclasses import replace

    other = f"{FLAT[:-1]}k"
    shapes = KOHYA | {f"{other}.lora_down.weight": (4, 320), f"{other}.lora_up.weight": (320, 4)}
    adapter = read_adapter(zero_file(shapes), manifests())
    first, second = adapter.updates
    adapter = replace(adapter, updates=(replace(first, alpha=64.0, alpha_origin="tensor"), second))

    found = {each.loader: each for each in views(adapter, identify(adapter, None, Claims()))}

    assert [each.scaling for each in found["diffusers"].treatments] == [16.0, 16.0]
    assert [each.scaling for each in found["comfyui"].treatments] == [16.0, 1.0]


def found_by_detector(shapes: Shapes) -> list[tuple[str, str]]:
    from lorascan.core.evidence import Evidence
    from lorascan.detectors import detectors

    adapter = read_adapter(zero_file(shapes), manifests())
    evidence = Evidence(facts=(adapter, identify(adapter, None, Claims())))
    found = detectors()["dialect_trouble"].examine(evidence)
    return [(each.rule.code, each.message) for each in found if "loaders apply" in each.message]


def test_a_file_that_only_one_loader_applies_is_a_finding_that_says_why() -> None:
    ((code, message),) = found_by_detector(LOHA)

    assert code == "LS505"
    assert "diffusers 0 of 1, comfyui 1 of 1" in message
    assert "ValueError" in message


def test_a_file_that_every_loader_applies_has_no_such_finding() -> None:
    assert found_by_detector(KOHYA) == []


def test_diffusers_itself_refuses_what_its_view_says_it_refuses() -> None:
    import torch
    from diffusers.loaders.lora_conversion_utils import _convert_non_diffusers_lora_to_diffusers

    for shapes in (TUCKER, LOHA, GLORA, KOHYA | {f"{FLAT[:-1]}k.diff": (320, 320)}):
        with pytest.raises(ValueError, match="renamed"):
            _convert_non_diffusers_lora_to_diffusers({name: torch.zeros(shape) for name, shape in shapes.items()})
        assert "ValueError" in seen(shapes)["diffusers"].refused
    whole = {name: torch.from_numpy(np.zeros(shape, dtype=np.float32)) for name, shape in KOHYA.items()}
    assert len(_convert_non_diffusers_lora_to_diffusers(whole)[0]) == 2
