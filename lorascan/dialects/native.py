"""Reads the names under which ComfyUI holds a model: `diffusion_model.` before the original code's path.

ai-toolkit and musubi-tuner write them. Source: ai-toolkit; the key lists of published FLUX and Anima adapters.
"""

from lorascan.dialects._dialect import Dialect, anywhere, in_denoiser
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

_PREFIXES = ("diffusion_model.", "model.diffusion_model.", "text_encoders.")


def _claims(stem: str, spelling: str) -> bool:
    return stem.startswith(_PREFIXES) and spelling in {"lora_A", "lora_down", "lora.down", "lycoris"}


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    if stem.startswith("text_encoders."):
        return anywhere(stem.split(".", 2)[-1].removeprefix("transformer."), manifest, fall_back="text_encoder")
    return in_denoiser(stem.partition("diffusion_model.")[2], manifest)


_ATTENTION = "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q"

DIALECT = Dialect(
    name="native",
    title="ai-toolkit, original names",
    claims=_claims,
    places=_places,
    example={f"{_ATTENTION}.lora_A.weight": (4, 320), f"{_ATTENTION}.lora_B.weight": (320, 4)},
)
