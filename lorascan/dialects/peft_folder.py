"""Reads the names of a PEFT folder: `base_model.model.` before a path that names no component.

Source: peft `PeftModel.save_pretrained`; LyCORIS kinds under PEFT names have the same prefix.
"""

from lorascan.dialects._dialect import WRAPPER, Dialect, behind_a_component
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

WRAPPERS = (WRAPPER,)


def _claims(stem: str, spelling: str) -> bool:
    return stem.startswith(WRAPPERS) and spelling in {"lora_A", "lora_down", "lycoris"}


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    return behind_a_component(stem.removeprefix(WRAPPERS[0]), manifest)


_ATTENTION = "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"

DIALECT = Dialect(
    name="peft_folder",
    title="PEFT folder",
    claims=_claims,
    places=_places,
    example={f"{_ATTENTION}.lora_A.weight": (4, 320), f"{_ATTENTION}.lora_B.weight": (320, 4)},
)
