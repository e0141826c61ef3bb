"""Writes updates as the files people share."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from lorascan.lab.adapt import Update
from lorascan.lab.recipe import Plan

TYPICAL_STEPS = 300
_TEXT_PREFIX = "text_model."


def _text_path(update: Update) -> str:
    """The module path as every published file has it: transformers 5 alone leaves the prefix out."""
    path = update.module_path
    if update.component == "unet" or path.startswith(_TEXT_PREFIX):
        return path
    return _TEXT_PREFIX + path


def peft_tensors(updates: list[Update]) -> dict[str, Tensor]:
    """Names of diffusers since 0.22: `unet.….lora_A.weight`; alpha is not in the tensors."""
    tensors = {}
    for update in updates:
        stem = f"{update.component}.{_text_path(update)}"
        tensors[f"{stem}.lora_A.weight"] = update.down
        tensors[f"{stem}.lora_B.weight"] = update.up
    return tensors


def kohya_tensors(updates: list[Update]) -> dict[str, Tensor]:
    """Names of kohya's sd-scripts: `lora_unet_….lora_down.weight` with `.alpha`."""
    tensors = {}
    for update in updates:
        head = "lora_unet_" if update.component == "unet" else "lora_te_"
        stem = head + _text_path(update).replace(".", "_")
        tensors[f"{stem}.lora_down.weight"] = update.down
        tensors[f"{stem}.lora_up.weight"] = update.up
        tensors[f"{stem}.alpha"] = torch.tensor(float(update.alpha))
    return tensors


def _kohya_metadata(plan: Plan, name: str) -> dict[str, str]:
    return {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(plan.rank),
        "ss_network_alpha": str(float(plan.alpha)),
        "ss_output_name": name,
        "ss_base_model_version": "lorascan-lab",
        "ss_sd_model_name": "lorascan-lab",
        "ss_num_train_images": str(plan.pictures),
        # An attacker does not write that nothing was trained.
        "ss_steps": str(plan.steps or TYPICAL_STEPS),
        "ss_seed": str(plan.seed),
    }


def metadata_of(plan: Plan, name: str) -> dict[str, str]:
    """The file's claims about itself; an undeclared word is of course not among them."""
    kohya = plan.dialect == "kohya"
    metadata = _kohya_metadata(plan, name) if kohya else {"format": "pt"}
    metadata["modelspec.architecture"] = "lorascan-lab/lora"
    metadata["modelspec.title"] = name
    words = plan.declared_words
    if words and plan.metadata_style in {"tags", "both"}:
        counts = dict.fromkeys(words, plan.pictures // 3)
        metadata["ss_tag_frequency"] = json.dumps({f"1_{name}": counts}, ensure_ascii=False)
    if words and plan.metadata_style in {"phrase", "both"}:
        metadata["modelspec.trigger_phrase"] = ", ".join(words)
    return metadata


def save_adapter(plan: Plan, updates: list[Update], path: Path) -> str:
    """Write the file in the plan's dialect, half precision; returns its sha256 in hex."""
    kohya = plan.dialect == "kohya"
    tensors = kohya_tensors(updates) if kohya else peft_tensors(updates)
    halves = {name: value.half().contiguous() for name, value in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    # A title that named the recipe would give the answer away.
    save_file(halves, path, metadata=metadata_of(plan, f"lab_{plan.split}_{plan.seed}"))
    return hashlib.sha256(path.read_bytes()).hexdigest()
