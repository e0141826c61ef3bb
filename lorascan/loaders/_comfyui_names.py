"""Which names ComfyUI matches against the modules of each model.

Facts from its `comfy/lora.py` (`model_lora_keys_unet`, `model_lora_keys_clip`) and `comfy/lora_convert.py` as of October 2025,
told in a table of our own: no code of it is used.
"""

import re
from collections.abc import Collection

from lorascan.core.adapter import Update

NOT_MATCHED = "lora key not loaded: no name of this base's"
UNSUPPORTED = "the base is none of ComfyUI's own"
OPEN = "which base the file is for is not known"
_FLUX = ("transformer.", "lycoris_", "lora_transformer_")
_NAMES = {
    "flux1": _FLUX,
    "chroma": _FLUX,
    "sd3": (*_FLUX, "base_model.model."),
    "auraflow": ("transformer.",),
    "pixart": ("transformer.", "base_model.model.", "unet.base_model.model."),
    "qwen": ("transformer.", "lycoris_", "transformer_blocks.", "lora_unet_", "diffusion_model."),
    "ltx": ("lora_unet_", "diffusion_model."),
    "hunyuan": (),
    "wan": (),
}
"""First letters of a family → what may stand before a diffusers path; the original code's names are apart."""
_OPEN = ("flux2", "lumina2", "z_image", "stable_cascade", "sana")
"""Families whose names the source at hand does not tell."""
_MUSUBI = re.compile(r"lora_unet_\w+_(?:mlp_fc[12]|mod_linear|modulation_linear)\b")
_PROCESSOR = re.compile(r"\.processor\.to_")
_TOWER = re.compile(r"text_encoder(?:_2)?\.text_model\.encoder\.layers\.[0-9]+\.(?:self_attn\.(?:q|k|v|out)_proj|mlp\.fc[12])\.")
_WAN_FUN = "lora_unet__blocks_0_cross_attn_k.lora_down.weight"
_USO = ("single_blocks.37.processor.qkv_lora.up.weight", "double_blocks.18.processor.qkv_lora2.up.weight")
_CONTROL = ("img_in.lora_A.weight", "single_blocks.0.norm.key_norm.scale")


def unmatched(update: Update, family: str | None, names: Collection[str]) -> tuple[bool | None, str]:
    """(whether the update's names are matched, why not); None where the table does not tell."""
    name = update.tensors[0].name
    if update.component.startswith("text_encoder"):
        return (True, "") if _is_text(name) else (False, NOT_MATCHED)
    if family is None:
        return (None, OPEN) if update.component != "unet" else _matched(is_unet(name))
    if family.startswith(("kandinsky", "wuerstchen")):
        return False, UNSUPPORTED
    if update.component == "unet":
        return _matched(is_unet(name))
    if family.startswith(_OPEN):
        return (True, "") if name.startswith(("lora_unet_", "diffusion_model.", "lora_prior_unet_")) else (None, OPEN)
    return _matched(_is_transformer(update, name, family, names))


def _matched(matched: bool) -> tuple[bool, str]:  # noqa: FBT001 - a plain translation
    return matched, "" if matched else NOT_MATCHED


def is_unet(name: str) -> bool:
    """A UNet's attention is matched under kohya's, LyCORIS' and the original names, and under those of attention processors."""
    if name.startswith(("lora_unet_", "lycoris_", "diffusion_model.")):
        return True
    if name.startswith(("unet.base_model.", "base_model.", "model.diffusion_model.")) or "_unet_" in name:
        return False
    return ".to_" not in name or _PROCESSOR.search(name) is not None


def _is_text(name: str) -> bool:
    return name.startswith(("lora_te", "text_encoders.", "lora_prior_te_")) or _TOWER.match(name) is not None


def _is_transformer(update: Update, name: str, family: str, names: Collection[str]) -> bool:
    if name.startswith("lora_unet__"):
        return _WAN_FUN in names
    if _is_original(update, name):
        return (name.startswith(("lora_unet_", "diffusion_model.")) and not _MUSUBI.match(name)) or _is_converted(name, family, names)
    prefixes = next((found for start, found in _NAMES.items() if family.startswith(start)), ())
    return name.startswith(prefixes)


def _is_converted(name: str, family: str, names: Collection[str]) -> bool:
    """Whether the file is of a kind that is converted as a whole before names are matched."""
    if family.startswith("hunyuan"):
        return name.startswith("transformer.")
    return all(each in names for each in _USO) or all(each in names for each in _CONTROL)


def _is_original(update: Update, name: str) -> bool:
    """Whether the name is of the model's original code: flattened or not, no diffusers path stands in it.

    Normalisations, which no manifest lists, are taken for what the file's prefix says.
    """
    if not update.resolved:
        return not name.startswith((*_FLUX, "base_model."))
    return bool(update.fused) or (update.module_path not in name and update.module_path.replace(".", "_") not in name)
