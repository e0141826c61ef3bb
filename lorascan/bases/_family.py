"""What a base family is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lorascan.bases._contract import Contract

Library = Literal["diffusers", "transformers"]


def no_components(_folder: Path) -> Mapping[str, object]:
    """The pipeline's own components suffice."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """One network of a base: its class, and the configuration of the release where the class's defaults differ.

    `name` is set for a network that several families share, such as a text encoder: its manifest is stored once.
    """

    class_name: str
    config: Mapping[str, object] = field(default_factory=dict)
    library: Library = "diffusers"
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How to recognise and to load the bases of one architecture.

    `claims` are lower-case values of metadata (`ss_base_model_version`, `modelspec.architecture`, …) that name it.
    `models` maps each component that an adapter can address to its network, from which the manifest is made;
    `denoiser` names the main one, whose parameters `parameters` counts. `unverified` says what of the configuration was
    not read off a published one, "" where all was. `biased` says whether its linear modules have biases at all; `widened`
    are modules whose inputs control adapters multiply.

    `pipeline_class` is a class of diffusers, `contract` how it is used; None where lorascan cannot draw with the base.
    `components(folder)` gives what must be handed to `from_pretrained` beside
    the folder; it may import torch and diffusers. `steps` and `guidance` are for quick pictures, `resolution` is the
    edge in pixels, `scorer` the open_clip folder that ships for its pictures. The prediction type is the folder's own.
    """

    name: str
    title: str
    claims: tuple[str, ...]
    pipeline_class: str
    steps: int
    guidance: float
    resolution: int
    parameters: int
    models: Mapping[str, Model]
    contract: Contract | None
    denoiser: str = "unet"
    unverified: str = ""
    biased: bool = True
    widened: tuple[str, ...] = ()
    scorer: Path | None = None
    components: Callable[[Path], Mapping[str, object]] = no_components
