"""Loads a trusted base into a diffusers pipeline."""

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

_ADAPTED_PARTS = ("unet", "text_encoder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A loaded base: the pipeline, the torch device that it lies on, and its family's sampling defaults."""

    pipeline: Any
    device: torch.device
    steps: int
    guidance: float

    def parts(self) -> Mapping[str, torch.nn.Module]:
        """The components that an adapter may address, by name."""
        return {name: getattr(self.pipeline, name) for name in _ADAPTED_PARTS if hasattr(self.pipeline, name)}


def load_base(  # noqa: PLR0913 - one argument a choice, all named
    folder: Path,
    *,
    pipeline_class: str,
    components: Mapping[str, Any],
    device: str,
    steps: int,
    guidance: float,
    variant: str | None = None,
) -> Base:
    """Read a diffusers folder: safetensors only, no custom code, nothing fetched, float32 on CPU, float16 on CUDA."""
    diffusers = importlib.import_module("diffusers")
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    place = torch.device("cuda" if device == "cuda" else "cpu")
    pipeline = getattr(diffusers, pipeline_class).from_pretrained(
        str(folder),
        torch_dtype=torch.float16 if place.type == "cuda" else torch.float32,
        use_safetensors=True,
        variant=variant,
        local_files_only=True,
        trust_remote_code=False,
        safety_checker=None,
        feature_extractor=None,
        **components,
    )
    pipeline.to(place)
    pipeline.set_progress_bar_config(disable=True)
    for part in (pipeline.unet, pipeline.text_encoder, pipeline.vae):
        part.eval().requires_grad_(requires_grad=False)
    return Base(pipeline=pipeline, device=place, steps=steps, guidance=guidance)


def parameter_digest(base: Base) -> str:
    """SHA-256 over name, dtype, shape and bytes of every base parameter and buffer an adapter could touch.

    Names are those of the base without an adapter, so the digest is the same while one is attached: what
    changes it is a change of the base itself.
    """
    digest = hashlib.sha256()
    for component, part in base.parts().items():
        named = {name.replace(".base_layer.", "."): value for name, value in part.state_dict().items() if "lora_" not in name}
        for name in sorted(named):
            value = named[name].detach().contiguous().cpu()
            digest.update(f"{component}.{name}|{value.dtype}|{tuple(value.shape)}|".encode())
            digest.update(value.view(torch.uint8).numpy().tobytes() if value.ndim else value.reshape(1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
