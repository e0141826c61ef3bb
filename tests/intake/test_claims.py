"""What a file says of itself, in typed form."""

import json

import pytest

from lorascan.core.adapter import PeftClaims
from lorascan.core.errors import Refused
from lorascan.intake.declarations import read_claims
from lorascan.settings import Limits

LIMITS = Limits()


def config(**fields: object) -> dict[str, str]:
    return {"lora_adapter_metadata": json.dumps(fields)}


def test_every_item_is_kept_as_a_claim() -> None:
    """Nothing that the file says is dropped."""
    claims = read_claims({"format": "pt", "x": "y"}, LIMITS)

    assert [(each.path, each.value) for each in claims.metadata] == [
        ("__metadata__.format", "pt"),
        ("__metadata__.x", "y"),
    ]


def test_a_pipeline_config_is_read_by_component() -> None:
    """diffusers packs one config a component behind a prefix."""
    fields = {
        "unet.r": 8,
        "unet.lora_alpha": 4,
        "unet.use_rslora": True,
        "unet.target_modules": ["to_q", "to_k"],
        "unet.rank_pattern": {"^mid_block.attentions.0.proj_in": 16, "up_blocks\\.1\\.to_q$": 2},
        "unet.alpha_pattern": {"down.to_v": 1.5},
        "text_encoder_2.r": 2,
    }

    peft = read_claims({"lora_adapter_metadata": json.dumps(fields)}, LIMITS).peft

    assert peft["unet"] == PeftClaims(
        rank=8,
        alpha=4.0,
        rank_stabilized=True,
        rank_pattern={"mid_block.attentions.0.proj_in": 16, "up_blocks.1.to_q": 2},
        alpha_pattern={"down.to_v": 1.5},
        target_modules=("to_q", "to_k"),
    )
    assert peft["text_encoder_2"].rank == 2


def test_a_bare_models_config_has_no_component() -> None:
    """`save_lora_adapter` writes the fields without a prefix."""
    assert read_claims(config(r=4, lora_alpha=8), LIMITS).peft[""].alpha == 8.0


def test_the_config_that_peft_writes_by_default_is_harmless() -> None:
    """Nothing in it is refused or remarkable. The fields are those of `LoraConfig(...).to_dict()` in peft 0.21."""
    default = dict.fromkeys(("task_type", "auto_mapping", "base_model_name_or_path", "revision", "modules_to_save", "exclude_modules"))
    fields = {
        "r": 4,
        "lora_alpha": 4,
        "peft_type": "LORA",
        "bias": "none",
        "init_lora_weights": True,
        "rank_pattern": {},
    }
    more = {"alpha_pattern": {}, "megatron_core": "megatron.core", "loftq_config": {}, "target_modules": ["to_q"]}

    claims = read_claims(config(**default, **fields, **more), LIMITS).peft[""]

    assert claims == PeftClaims(rank=4, alpha=4.0, peft_type="LORA", bias="none", target_modules=("to_q",))


def test_all_faults_of_a_config_are_told_at_once() -> None:
    """One reading, one list."""
    with pytest.raises(Refused) as caught:
        read_claims(config(**{"unet.r": -1, "unet.target_modules": "(a+)+", "text_encoder.lora_alpha": []}), LIMITS)

    told = {(each.code, each.where.removeprefix("__metadata__.lora_adapter_metadata.")) for each in caught.value.refusals}
    assert told == {("LS402", "unet.r"), ("LS401", "unet.target_modules"), ("LS403", "text_encoder.lora_alpha")}


def test_kohya_claims_are_understood() -> None:
    """Base, alpha, tags and triggers; tags are those of most captions, at most eight."""
    tags = {"5_sks": {"sks dog": 20, "grass": 4, "black and white": 11}, "1_reg": {"dog": 9, "sks dog": 1}}
    metadata = {
        "ss_base_model_version": "sd_v1",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "ss_network_alpha": "16.0",
        "ss_tag_frequency": json.dumps(tags),
        "modelspec.trigger_phrase": "ohwx, red hat,",
    }

    claims = read_claims(metadata, LIMITS)

    assert claims.base == "stable-diffusion-v1/lora"
    assert claims.network_alpha == 16.0
    assert claims.tags == {"sks dog": 21, "black and white": 11, "dog": 9, "grass": 4}
    assert claims.triggers == ("ohwx", "red hat", "sks dog", "black and white")


@pytest.mark.parametrize(
    "metadata",
    [
        {"ss_network_alpha": "None"},
        {"ss_network_alpha": "nan"},
        {"ss_tag_frequency": "{"},
        {"ss_tag_frequency": "[]"},
        {"ss_tag_frequency": '{"a": 1}'},
        {"ss_tag_frequency": '{"a": {"b": "c", "": 4, "d": -1}}'},
        {"ss_tag_frequency": "[" * 10_000},
    ],
)
def test_unreadable_training_notes_are_left_aside(metadata: dict[str, str]) -> None:
    """No loader acts on them, so they refuse nothing."""
    claims = read_claims(metadata, LIMITS)

    assert claims.tags == {}
    assert claims.triggers == ()
    assert claims.network_alpha is None


def test_what_json_hides_behind_escapes_is_decoded() -> None:
    """A raw value shows a reader nothing of it."""
    hidden = {"ss_datasets": json.dumps([{"caption": "dog \u202e \u200b", "plain": "cat"}]), "x": '{"a": "\\u003cscript\\u003e"}'}

    decoded = {each.path: each.value for each in read_claims(hidden, LIMITS).decoded}

    assert decoded == {"__metadata__.ss_datasets (decoded)": "dog \u202e \u200b", "__metadata__.x (decoded)": "<script>\na"}
