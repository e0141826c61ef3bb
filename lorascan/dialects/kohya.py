"""Reads the names that kohya's scripts and LyCORIS write.

`lora_unet_down_blocks_0_attentions_0_…` flattens a module path with underscores, so that the path cannot be read back
from the name: it is looked up among the flattened names of a base. SDXL files use the names of the original (sgm) UNet,
FLUX, SD3 and Wan (musubi) files those of the original transformers.
Source: kohya-ss sd-scripts, networks/lora.py, lora_flux.py, oft.py and library/sdxl_model_util.py; musubi-tuner.
"""

from lorascan.dialects._dialect import Dialect
from lorascan.dialects._flat import flat_places, is_flat
from lorascan.dialects.onetrainer import OWN

_SPELLINGS = frozenset({"lora_down", "lora_A", "lycoris"})


def _claims(stem: str, spelling: str) -> bool:
    """A stem without dots, and the endings that kohya and LyCORIS write or PEFT's on kohya's names."""
    return is_flat(stem) and spelling in _SPELLINGS and not stem.startswith(OWN)


_ATTENTION = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
_TEXT = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"

DIALECT = Dialect(
    name="kohya",
    title="kohya sd-scripts",
    claims=_claims,
    places=flat_places,
    example={
        f"{_ATTENTION}.alpha": (),
        f"{_ATTENTION}.lora_down.weight": (4, 320),
        f"{_ATTENTION}.lora_up.weight": (320, 4),
        f"{_TEXT}.alpha": (),
        f"{_TEXT}.lora_down.weight": (4, 768),
        f"{_TEXT}.lora_up.weight": (768, 4),
    },
)
