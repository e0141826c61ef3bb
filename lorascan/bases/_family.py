"""What a base family is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


def no_components(_folder: Path) -> Mapping[str, object]:
    """The pipeline's own components suffice."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How to recognise and to load the bases of one architecture.

    `claims` are lower-case values of metadata (`ss_base_model_version`, `modelspec.architecture`, …) that name it.
    `pipeline_class` is a class of diffusers. `components(folder)` gives what must be handed to `from_pretrained` beside
    the folder; it may import torch and diffusers. `steps` and `guidance` are for quick pictures, `resolution` is the
    edge in pixels, `scorer` the open_clip folder that ships for its pictures. `parameters` counts the denoiser's
    parameters, checked when the manifest is made. The prediction type is the folder's own.
    """

    name: str
    title: str
    claims: tuple[str, ...]
    pipeline_class: str
    steps: int
    guidance: float
    resolution: int
    parameters: int
    scorer: Path | None = None
    components: Callable[[Path], Mapping[str, object]] = no_components
