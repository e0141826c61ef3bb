"""Reads the names that PEFT writes, alone or under diffusers' component prefixes.

`unet.….lora_A.weight` (diffusers since 0.22), `base_model.model.….lora_A[.default].weight` (a PEFT folder). Source:
peft `get_peft_model_state_dict`, diffusers `StableDiffusionLoraLoaderMixin.save_lora_weights`.
"""

from lorascan.dialects._dialect import Dialect, Place, anywhere, dotted_places
from lorascan.dialects._manifest import Manifest

COMPONENTS = (
    "unet",
    "unet_2",
    "transformer",
    "transformer_2",
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
    "prior",
    "decoder",
    "vae",
    "safety_checker",
    "image_encoder",
    "feature_extractor",
    "controlnet",
    "image_projection",
)
"""First words of a name that are components of a pipeline; those outside the image model are findings of their own."""
_WRAPPER = "base_model.model."


def _claims(stem: str, spelling: str) -> bool:
    return spelling == "lora_A" and not stem.startswith("lora_") and ":" not in stem


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    path = stem.removeprefix(_WRAPPER)
    component, _, rest = path.partition(".")
    if component in COMPONENTS and rest:
        return dotted_places(component, rest, manifest)
    return anywhere(path, manifest, fall_back="unknown")


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
