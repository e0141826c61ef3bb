"""What the embedded adapter config asks of its loader."""

import json

import pytest

from lorascan.core.findings import Finding, Severity
from lorascan.detectors import adapter_config
from lorascan.intake.declarations import read_claims
from lorascan.settings import Limits
from tests.detectors.test_file_texts import evidence


def examine(**fields: object) -> list[Finding]:
    config = {f"unet.{name}": value for name, value in fields.items()}
    claims = read_claims({"lora_adapter_metadata": json.dumps(config)}, Limits())
    return list(adapter_config.examine(evidence(claims)))


@pytest.mark.parametrize(
    ("fields", "code", "severity"),
    [
        ({"r": 4, "lora_alpha": 1e8}, "LS403", Severity.HIGH),
        ({"lora_alpha": 1e8}, "LS403", Severity.HIGH),
        ({"r": 4, "alpha_pattern": {"a.b": 40_000}}, "LS403", Severity.HIGH),
        ({"r": 4, "lora_alpha": 80}, "LS403", Severity.MEDIUM),
        ({"r": 4, "lora_alpha": -4}, "LS403", Severity.MEDIUM),
        ({"r": 4, "lora_alpha": -4e9}, "LS403", Severity.HIGH),
        ({"r": 4, "lora_alpha": 0}, "LS403", Severity.MEDIUM),
        ({"r": 128, "lora_alpha": 1}, "LS403", Severity.MEDIUM),
        ({"r": 4, "lora_alpha": 4, "alpha_pattern": {"a.b": 40_000}}, "LS403", Severity.HIGH),
        ({"r": 400, "lora_alpha": 400, "rank_pattern": {"a.b": 1}}, "LS403", Severity.HIGH),
        ({"r": 4, "auto_map": {"x": "y"}}, "LS404", Severity.HIGH),
        ({"r": 4, "trust_remote_code": True}, "LS404", Severity.HIGH),
        ({"r": 4, "auto_mapping": {"parent_library": "evil"}}, "LS404", Severity.HIGH),
        ({"r": 4, "megatron_core": "evil"}, "LS404", Severity.HIGH),
        ({"r": 4, "modules_to_save": ["conv_in"]}, "LS405", Severity.MEDIUM),
        ({"r": 4, "trainable_token_indices": [1, 2]}, "LS405", Severity.MEDIUM),
        ({"r": 4, "init_lora_weights": "pissa_niter_4"}, "LS407", Severity.MEDIUM),
        ({"r": 4, "layer_replication": [[0, 4], [2, 5]]}, "LS407", Severity.MEDIUM),
        ({"r": 4, "kasa_config": {"beta": 1e-4}}, "LS407", Severity.MEDIUM),
        ({"r": 4, "base_model_name_or_path": r"\\host\share"}, "LS408", Severity.HIGH),
        ({"r": 4, "base_model_name_or_path": "file:///etc/passwd"}, "LS408", Severity.HIGH),
        ({"r": 4, "base_model_name_or_path": "https://host.example/model"}, "LS408", Severity.MEDIUM),
        ({"r": 4, "base_model_name_or_path": "../../../../etc/passwd"}, "LS408", Severity.MEDIUM),
        ({"r": 4, "eva_config": {"cache_file": "/tmp/x.pt"}}, "LS408", Severity.MEDIUM),
        ({"r": 4, "task_adapter_names": ["s3://bucket/x"]}, "LS408", Severity.MEDIUM),
        ({"r": 4, "peft_type": "PROMPT_TUNING"}, "LS409", Severity.HIGH),
        ({"r": 4, "peft_type": "EVIL"}, "LS409", Severity.HIGH),
    ],
)
def test_a_dangerous_request_is_found(fields: dict[str, object], code: str, severity: Severity) -> None:
    """One finding, of its rule and severity."""
    assert [(each.rule.code, each.severity) for each in examine(**fields)] == [(code, severity)]


@pytest.mark.parametrize(
    "fields",
    [
        {"r": 4, "lora_alpha": 4},
        {"r": 64, "lora_alpha": 1},
        {"r": 64, "lora_alpha": 64, "use_rslora": True},
        {"r": 4},
        {"lora_alpha": 8},
        {"r": 4, "rank_pattern": {"a.b": 1}},
        {"r": 4, "init_lora_weights": "gaussian", "bias": "none", "peft_type": "LORA"},
        {"r": 4, "auto_mapping": {"base_model_class": "UNet2DConditionModel", "parent_library": "diffusers.models"}},
        {"r": 4, "base_model_name_or_path": "runwayml/stable-diffusion-v1-5"},
        {"r": 4, "base_model_name_or_path": r"D:\models\sd15"},
        {"r": 4, "base_model_name_or_path": r"C:\dev\models\v1-5.ckpt"},
        {"r": 4, "base_model_name_or_path": "/home/me/dev/models/sd15"},
        {"r": 4, "base_model_name_or_path": "../sd15", "revision": None, "bias": "none"},
        {"r": 4, "target_modules": ["to_q", "to_k", "add_k_proj"], "exclude_modules": None},
        {"r": 4, "target_modules": r"^(?!.*text).*\.attn[12]\.to_(?:q|k|v)$"},
    ],
)
def test_an_honest_config_is_silent(fields: dict[str, object]) -> None:
    """What trainers write."""
    assert examine(**fields) == []


def test_the_worst_layer_is_named() -> None:
    """A pattern that strengthens one layer is where the reader must look."""
    (found,) = examine(r=4, lora_alpha=4, alpha_pattern={"mid.to_q": 8, "up.to_v": 40_000})

    assert found.where.endswith("unet.alpha_pattern.up.to_v")
    assert found.measured == 10_000
