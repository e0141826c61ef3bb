"""Reads the names that diffusers 0.13 to 0.21 wrote.

0.13–0.17: attention processors, `[unet.]….attn1.processor.to_q_lora.down.weight`. 0.18–0.21:
`unet.….to_q.lora.down.weight`, `text_encoder.….q_proj.lora_linear_layer.down.weight`. Source: diffusers,
`state_dict_utils.py` (read, not copied).
"""

from lorascan.dialects import xlabs
from lorascan.dialects._components import COMPONENTS
from lorascan.dialects._dialect import Dialect, dotted_places
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

_UNET_ENDINGS = {"to_out": "to_out.0"}
_TEXT_ENDINGS = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}


def _claims(stem: str, spelling: str) -> bool:
    if stem.startswith("diffusion_model."):
        return False
    return spelling in {"lora.down", "_lora.down"} and not xlabs.DIALECT.claims(stem, spelling)


def _places(stem: str, spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    component, _, path = stem.partition(".")
    if component not in COMPONENTS:
        component, path = "unet", stem
    *parents, last = path.split(".")
    if spelling == "_lora.down":
        if parents and parents[-1] == "processor":
            parents.pop()
        endings = _TEXT_ENDINGS if component.startswith("text_encoder") else _UNET_ENDINGS
        last = endings.get(last, last)
    return dotted_places(component, ".".join((*parents, last)), manifest)


_ATTENTION = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora"
_TEXT = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer"

DIALECT = Dialect(
    name="diffusers_legacy",
    title="diffusers 0.13 to 0.21",
    claims=_claims,
    places=_places,
    example={
        f"{_ATTENTION}.down.weight": (4, 320),
        f"{_ATTENTION}.up.weight": (320, 4),
        f"{_TEXT}.down.weight": (4, 768),
        f"{_TEXT}.up.weight": (768, 4),
    },
)
