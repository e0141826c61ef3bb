"""Reads the names that PEFT writes under diffusers' component prefixes, or under none.

`unet.….lora_A.weight`, `transformer.….lora_A.weight` (diffusers since 0.22). Source: peft `get_peft_model_state_dict`,
diffusers `StableDiffusionLoraLoaderMixin.save_lora_weights`.
"""

from lorascan.dialects._components import BFL
from lorascan.dialects._dialect import Dialect, behind_a_component
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place
from lorascan.dialects.peft_folder import WRAPPERS

_OTHERS = ("lora_", "oft_", "lycoris_", "diffusion_model.", "model.diffusion_model.", "text_encoders.", *WRAPPERS)


def _claims(stem: str, spelling: str) -> bool:
    return spelling == "lora_A" and not stem.startswith(_OTHERS) and ":" not in stem and stem.partition(".")[0] not in BFL


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    return behind_a_component(stem, manifest)


_ATTENTION = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
_TEXT = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj"

DIALECT = Dialect(
    name="peft",
    title="PEFT",
    claims=_claims,
    places=_places,
    example={
        f"{_ATTENTION}.lora_A.weight": (4, 320),
        f"{_ATTENTION}.lora_B.weight": (320, 4),
        f"{_TEXT}.lora_A.weight": (4, 768),
        f"{_TEXT}.lora_B.weight": (768, 4),
    },
)
