"""Reads diffusers paths with the endings of kohya or LyCORIS.

A component stands before the path, or none.
Such files come from trainers of transformers and from converters. Source: the key list of a published Qwen-Image
adapter; LyCORIS' naming of wrapped diffusers models.
"""

from lorascan.dialects._components import BFL
from lorascan.dialects._dialect import Dialect, behind_a_component
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place
from lorascan.dialects.peft_folder import WRAPPERS

_OTHERS = ("diffusion_model.", "model.diffusion_model.", "text_encoders.", *WRAPPERS)


def _claims(stem: str, spelling: str) -> bool:
    dotted = "." in stem and ":" not in stem and stem.partition(".")[0] not in BFL
    return dotted and spelling in {"lora_down", "lycoris"} and not stem.startswith(_OTHERS)


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    return behind_a_component(stem, manifest)


_ATTENTION = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"

DIALECT = Dialect(
    name="diffusers",
    title="diffusers names with kohya's endings",
    claims=_claims,
    places=_places,
    example={
        f"{_ATTENTION}.alpha": (),
        f"{_ATTENTION}.lora_down.weight": (4, 320),
        f"{_ATTENTION}.lora_up.weight": (320, 4),
    },
)
