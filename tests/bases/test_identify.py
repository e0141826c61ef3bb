"""Which base an adapter is for."""

import json
from pathlib import Path

import pytest

from lorascan.bases import claimed_families, claimed_family, families, identify, manifest, manifests_for
from lorascan.core.adapter import BaseFacts, Claims, VettedFile
from lorascan.dialects import read_adapter
from tests.adapters.builders import zero_file


def adapter_of(family: str, component: str, *endings: str, prefix: str = "") -> VettedFile:
    """A LoRA of rank 4 on every module of the family's component whose path ends so, in PEFT's names."""
    shapes: dict[str, tuple[int, ...]] = {}
    for path, shape in manifest(family).modules[component].items():
        if path.endswith(endings) and len(shape) == 2:
            shapes[f"{prefix or component}.{path}.lora_A.weight"] = (4, shape[1])
            shapes[f"{prefix or component}.{path}.lora_B.weight"] = (shape[0], 4)
    assert shapes
    return zero_file(shapes)


def found(file: VettedFile, claim: str | None = None) -> BaseFacts:
    return identify(read_adapter(file, manifests_for(None)), None, Claims(base=claim), file)


ATTENTION = (".to_q", ".to_k", ".to_v", ".to_out.0")


@pytest.mark.parametrize(
    ("family", "component", "endings"),
    [
        ("sd15", "unet", ATTENTION),
        ("sd2", "unet", ATTENTION),
        ("sdxl", "unet", ATTENTION),
        ("sdxl_refiner", "unet", ATTENTION),
        ("sd35_medium", "transformer", (*ATTENTION, ".add_k_proj")),
        ("sd35_large", "transformer", ATTENTION),
        ("flux2_dev", "transformer", (".to_q", ".to_qkv_mlp_proj")),
        ("flux2_klein_4b", "transformer", (".to_q", ".to_qkv_mlp_proj")),
        ("flux2_klein_9b", "transformer", (".to_q", ".to_qkv_mlp_proj")),
        ("kandinsky22", "unet", (".to_q", ".add_k_proj")),
        ("kandinsky22", "prior", ATTENTION),
        ("wuerstchen", "prior", ATTENTION),
        ("stable_cascade", "prior", ATTENTION),
        ("auraflow", "transformer", ATTENTION),
        ("lumina2", "transformer", ATTENTION),
        ("z_image", "transformer", ATTENTION),
        ("qwen_image", "transformer", ATTENTION),
        ("hunyuan_video", "transformer", ATTENTION),
        ("wan_1_3b", "transformer", ATTENTION),
        ("wan_14b", "transformer", ATTENTION),
        ("ltx_video", "transformer", ATTENTION),
        ("ltx_video_13b", "transformer", ATTENTION),
        ("sana", "transformer", ATTENTION),
        ("lab", "unet", ATTENTION),
        ("lab", "text_encoder", (".q_proj", ".v_proj")),
        ("sd2", "text_encoder", (".q_proj", ".v_proj")),
    ],
)
def test_an_adapter_of_every_attention_layer_names_its_base(family: str, component: str, endings: tuple[str, ...]) -> None:
    facts = found(adapter_of(family, component, *endings))

    assert (facts.family, facts.candidates, facts.match, facts.unknown_modules) == (family, (family,), 1.0, ())


@pytest.mark.parametrize(
    ("family", "alike"),
    [
        ("flux1_dev", ("chroma", "flux1_dev", "flux1_schnell")),
        ("sd3_medium", ("sd35_medium", "sd3_medium")),
        ("pixart_alpha", ("pixart_alpha", "pixart_sigma")),
    ],
)
def test_releases_of_equal_modules_are_all_named_and_none_is_guessed(family: str, alike: tuple[str, ...]) -> None:
    file = adapter_of(family, "transformer", *ATTENTION)

    facts = found(file)

    assert facts.family is None
    assert facts.candidates == alike


def test_the_metadata_decide_between_releases_of_equal_modules() -> None:
    file = adapter_of("flux1_dev", "transformer", *ATTENTION)

    assert found(file, "flux-1-dev/lora").family == "flux1_dev"
    assert found(file, "black-forest-labs/FLUX.1-schnell").family == "flux1_schnell"
    assert found(file, "flux1").family is None
    assert found(file, "sd_v1").family is None


def test_a_module_that_one_release_lacks_decides() -> None:
    facts = found(adapter_of("flux1_dev", "transformer", *ATTENTION, "x_embedder", "guidance_embedder.linear_1"))

    assert (facts.family, facts.candidates) == ("flux1_dev", ("flux1_dev",))


def test_a_text_encoder_that_many_bases_share_names_them_all() -> None:
    for family in ("sd15", "sd3_medium"):
        facts = found(adapter_of(family, "text_encoder", ".q_proj"))

        assert facts.family is None
        assert {"sd15", "sdxl", "sd3_medium", "flux1_dev"} <= set(facts.candidates)
        assert not {"sd2", "lab", "wan_14b"} & set(facts.candidates)


def test_widths_of_no_known_base_are_unknown() -> None:
    path = "transformer.transformer_blocks.0.attn.to_q"
    facts = found(zero_file({f"{path}.lora_A.weight": (4, 3073), f"{path}.lora_B.weight": (3072, 4)}), "flux1-dev")

    assert (facts.family, facts.candidates, facts.match) == (None, (), 0.0)


@pytest.mark.parametrize(
    ("claim", "family"),
    [
        ("sd_v1", "sd15"),
        ("stable-diffusion-v1/lora", "sd15"),
        ("runwayml/stable-diffusion-v1-5", "sd15"),
        ("sdxl_base_v1-0", "sdxl"),
        ("stable-diffusion-xl-v1-base/lora", "sdxl"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "sdxl"),
        ("flux-1-dev/lora", "flux1_dev"),
        ("FLUX.1-schnell", "flux1_schnell"),
        ("stable-diffusion-3.5-large", "sd35_large"),
        ("kandinsky-community/kandinsky-2-2-prior", "kandinsky22"),
        ("warp-ai/wuerstchen-prior", "wuerstchen"),
        ("flux1", None),
        ("lora", None),
        ("/", None),
        ("", None),
        (None, None),
    ],
)
def test_a_metadata_value_names_its_family(claim: str | None, family: str | None) -> None:
    assert claimed_family(claim) == family


def test_a_value_that_leaves_the_release_open_names_them_all() -> None:
    assert claimed_families("flux1") == ("flux1_dev", "flux1_schnell")
    assert claimed_families("sd3") == ("sd35_large", "sd35_medium", "sd3_medium")


def test_every_family_has_a_claim_of_its_own_and_all_are_in_small_letters() -> None:
    for family in families().values():
        assert any(claimed_family(claim) == family.name for claim in family.claims), family.name
        assert [claim.strip().lower() for claim in family.claims] == list(dict.fromkeys(family.claims))


KEYS = Path(__file__).parent.parent / "data" / "real_adapters" / "invokeai_key_shapes"
FLUX = ("flux1_dev", "flux1_schnell")


@pytest.mark.parametrize(
    ("name", "family", "candidates"),
    [
        ("flux_dora_onetrainer_format", None, FLUX),
        ("flux_lora_kohya_format", None, FLUX),
        ("flux_lora_kohya_with_te1_format", None, FLUX),
        ("flux_lora_aitoolkit_format", None, ("chroma", *FLUX)),
        ("flux_lora_xlabs_format", None, ("chroma", *FLUX)),
        ("flux_lora_diffusers_format", None, FLUX),
        ("flux_lora_diffusers_base_model_format", None, ("chroma", *FLUX)),
        ("flux_lora_diffusers_no_proj_mlp_format", None, ("chroma", *FLUX)),
        ("qwen_image_lora_diffusers_format", None, ("chroma", *FLUX, "flux2_klein_4b", "hunyuan_video", "qwen_image")),
        # Its control picture widens img_in; the guidance embedder is that of dev alone.
        ("flux_control_lora_format", "flux1_dev", ("flux1_dev",)),
        # No manifest.
        ("anima_lora_kohya_format", None, ()),
        ("anima_lora_kohya_with_te_format", None, ()),
        ("anima_lora_lokr_format", None, ()),
        ("anima_lora_peft_format", None, ()),
        ("krea2_lora_kohya_format", None, ()),
        # Shapes that their collector made up: the products fit no module of the names.
        ("flux_lokr_bfl_format", None, ()),
        ("qwen_image_lora_kohya_format", None, ()),
    ],
)
def test_a_published_adapter_is_never_given_a_wrong_base(name: str, family: str | None, candidates: tuple[str, ...]) -> None:
    stored = json.loads((KEYS / f"{name}.state_dict_keys.json").read_text(encoding="utf-8"))

    facts = found(zero_file({key: tuple(shape) for key, shape in stored.items()}))

    assert (facts.family, facts.candidates) == (family, candidates)


def test_the_list_above_is_whole() -> None:
    marks = test_a_published_adapter_is_never_given_a_wrong_base.pytestmark[0]  # type: ignore[attr-defined]

    assert {row[0] for row in marks.args[1]} == {path.name.partition(".")[0] for path in KEYS.glob("*.json")}


def test_a_claim_settles_what_the_shapes_leave_open() -> None:
    stored = json.loads((KEYS / "flux_lora_kohya_format.state_dict_keys.json").read_text(encoding="utf-8"))
    file = zero_file({key: tuple(shape) for key, shape in stored.items()})

    assert found(file, "flux-1-dev/lora").family == "flux1_dev"
    assert found(file, "sdxl_base_v1-0").family is None


@pytest.mark.parametrize(
    ("double", "single", "alike"),
    [(19, 38, FLUX), (18, 38, (*FLUX, "hunyuan_video")), (20, 40, ("hunyuan_video",)), (1, 1, (*FLUX, "hunyuan_video"))],
)
def test_a_file_that_updates_every_block_is_for_the_base_of_so_many(double: int, single: int, alike: tuple[str, ...]) -> None:
    stems = [f"transformer_blocks.{number}.norm1.linear" for number in range(double)]
    shapes = {f"transformer.{stem}.lora_A.weight": (4, 3072) for stem in stems} | {
        f"transformer.{stem}.lora_B.weight": (18432, 4) for stem in stems
    }
    stems = [f"single_transformer_blocks.{number}.proj_mlp" for number in range(single)]
    shapes |= {f"transformer.{stem}.lora_A.weight": (4, 3072) for stem in stems} | {
        f"transformer.{stem}.lora_B.weight": (12288, 4) for stem in stems
    }

    assert found(zero_file(shapes)).candidates == alike
