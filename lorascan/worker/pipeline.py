"""Loads a trusted base into a diffusers pipeline."""

import hashlib
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lorascan.bases import Contract, Family

_UNUSED = ("safety_checker", "feature_extractor")
"""Components that a pipeline can do without, and that are not loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A loaded base: the pipeline, the torch device that it works on, its family, and the pictures' edge in pixels.

    `edge` None leaves the size of pictures to the pipeline.
    """

    pipeline: Any
    device: torch.device
    family: Family
    edge: int | None = None

    @property
    def contract(self) -> Contract:
        """How the family's pipelines are used."""
        return contract_of(self.family)

    @property
    def denoiser(self) -> Any:  # noqa: ANN401 - a network of diffusers
        """The network that turns noise into a picture, or into what the next network starts from."""
        return getattr(self.pipeline, self.contract.place(self.family.denoiser))

    def part(self, component: str) -> Any:  # noqa: ANN401 - a network of diffusers or transformers
        """One component; None where this base lacks it."""
        return getattr(self.pipeline, self.contract.place(component), None)

    def parts(self) -> Mapping[str, torch.nn.Module]:
        """The components that an adapter may address, by name."""
        found = {name: self.part(name) for name in self.family.models}
        return {name: part for name, part in found.items() if part is not None}


def contract_of(family: Family) -> Contract:
    """The family's contract. Raises ValueError where it has none: the parent lets no such base come here."""
    if family.contract is None:
        message = f"{family.title} cannot be drawn with"
        raise ValueError(message)
    return family.contract


def load_base(folder: Path, family: Family, *, device: str, variant: str | None = None, edge: int | None = None) -> Base:
    """Read a diffusers folder: safetensors only, no custom code, nothing fetched; float32 on a CPU, half on a GPU."""
    diffusers = importlib.import_module("diffusers")
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    contract = contract_of(family)
    place = torch.device("cuda" if device == "cuda" else "cpu")
    numbers = getattr(torch, contract.half) if place.type == "cuda" else torch.float32
    pipeline = _pipeline(getattr(diffusers, family.pipeline_class), folder, family, numbers, variant)
    if contract.offload and place.type == "cuda":
        pipeline.enable_model_cpu_offload()
    else:
        pipeline.to(place)
    pipeline.set_progress_bar_config(disable=True)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval().requires_grad_(requires_grad=False)
    return Base(pipeline=pipeline, device=place, family=family, edge=edge)


def _pipeline(pipeline_class: Any, folder: Path, family: Family, numbers: torch.dtype, variant: str | None) -> Any:  # noqa: ANN401
    """The pipeline from its folder, or from the family's own components where these are all that it needs."""
    given = {name: _typed(part, numbers) for name, part in family.components(folder).items()}
    wanted = set(inspect.signature(pipeline_class.__init__).parameters) - {"self"}
    if wanted <= set(given):
        return pipeline_class(**given)
    return pipeline_class.from_pretrained(
        str(folder),
        torch_dtype=numbers,
        use_safetensors=True,
        variant=variant,
        local_files_only=True,
        trust_remote_code=False,
        **{name: None for name in _UNUSED if name in wanted},
        **given,
    )


def _typed(part: object, numbers: torch.dtype) -> object:
    return part.to(numbers) if isinstance(part, torch.nn.Module) else part


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
