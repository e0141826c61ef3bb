"""How a base of a family is loaded, drawn with and searched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Half = Literal["float16", "bfloat16"]
States = Literal["cross-attention", "last", "pair", "joint", "none"]


def _vae_cell(pipeline: Any) -> float:  # noqa: ANN401 - a pipeline of diffusers
    return float(pipeline.vae_scale_factor)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contract:
    """What the worker must know of a pipeline class beside its name.

    `places` maps a component to its attribute in the pipeline, which is also its folder, where that is not its name.
    `half` is the type of numbers on a GPU (float32 on a CPU); `offload` keeps only the network that works on the GPU.
    `guidance` are the arguments that take the guidance scale; `drawing` are further arguments of a drawing call,
    `searching` those of a call of which only the denoiser's first answer is wanted: without classifier-free guidance.
    `batched` says whether one call draws several prompts; `cell(pipeline)` is the edge of a latent cell in pixels.

    `states` says which text states the denoiser reads, so that a text can be searched token by token:
    "cross-attention" the last ones of the only encoder, straight into a UNet; "pair" the penultimate ones of two CLIP
    towers, side by side; "joint" these, embedded as a transformer's text stream; "last" the last ones of the first
    encoder, which the denoiser does not read as they are; "none" where states have no place in the vocabulary's text.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    tokenizer: str = "tokenizer"
    states: States = "none"
    half: Half = "bfloat16"
    offload: bool = False
    guidance: tuple[str, ...] = ("guidance_scale",)
    drawing: Mapping[str, object] = field(default_factory=dict)
    searching: Mapping[str, object] = field(default_factory=lambda: {"guidance_scale": 1.0})
    batched: bool = True
    cell: Callable[[Any], float] = _vae_cell

    def place(self, component: str) -> str:
        """The component's attribute and folder."""
        return self.places.get(component, component)


STABLE_DIFFUSION = Contract(states="cross-attention", half="float16")
VIDEO = Contract(offload=True, drawing={"num_frames": 1}, searching={"guidance_scale": 1.0, "num_frames": 1}, cell=lambda _: 8.0)
"""A video base draws one frame."""
