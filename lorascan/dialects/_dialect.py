"""What a dialect is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lorascan.dialects._components import COMPONENTS
from lorascan.dialects._index import index
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

Shape = tuple[int, ...]
WRAPPER = "base_model.model."
"""What PEFT puts before a wrapped network's paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of naming the modules that updates change.

    `claims(stem, spelling)` says whether a stem with endings of this spelling is of the dialect: at most one dialect
    claims a name. `places(stem, spelling, manifest)` lists the modules that the stem may name, known ones first and never
    empty. `example` maps tensor names to shapes: a small adapter for a shipped base, used by the contract test. `borrows`
    are the dialects whose names the writer uses for other components of the same file. With `in_step` the n-th place of
    every stem belongs together, and one n must fit the whole file.
    """

    name: str
    title: str
    claims: Callable[[str, str], bool]
    places: Callable[[str, str, Manifest], tuple[Place, ...]]
    example: Mapping[str, Shape]
    borrows: frozenset[str] = frozenset()
    in_step: bool = False


def dotted_places(component: str, module_path: str, manifest: Manifest) -> tuple[Place, ...]:
    """The places of a dotted path inside a named component: known ones, or the unknown one."""
    found = index(manifest, component).dotted(module_path)
    return found or (Place(component=component, module_path=module_path, known=False),)


def anywhere(module_path: str, manifest: Manifest, fall_back: str) -> tuple[Place, ...]:
    """Every place of a dotted path that names no component, or one unknown place in `fall_back`."""
    texts = [each for each in manifest.modules if each.startswith("text_encoder")]
    networks = _denoiser_places(module_path, manifest) or _places(module_path, _networks(manifest), manifest)
    found = (*networks, *_places(module_path, texts, manifest))
    likely = "text_encoder" if module_path.startswith("text_model.") else fall_back
    return found or (Place(component=likely, module_path=module_path, known=False),)


def behind_a_component(path: str, manifest: Manifest) -> tuple[Place, ...]:
    """Every place of a dotted path that may begin with a component's name, or one unknown place.

    Behind the component PEFT's wrapper may stand: scripts saved a pipeline's wrapped networks side by side.
    """
    component, _, rest = path.partition(".")
    if component in COMPONENTS and rest:
        return dotted_places(component, rest.removeprefix(WRAPPER), manifest)
    return anywhere(path, manifest, fall_back="unknown")


def in_denoiser(module_path: str, manifest: Manifest) -> tuple[Place, ...]:
    """Every place of a dotted path in the denoiser, or one unknown place."""
    found = _denoiser_places(module_path, manifest)
    return found or (Place(component="transformer", module_path=module_path, known=False),)


def _denoiser_places(module_path: str, manifest: Manifest) -> tuple[Place, ...]:
    """Where the denoiser has the path; where a base has none by that name, its other networks."""
    networks = _networks(manifest)
    main = [each for each in networks if each in {"unet", "transformer"}]
    return _places(module_path, main or networks, manifest)


def _networks(manifest: Manifest) -> list[str]:
    return [each for each in manifest.modules if not each.startswith("text_encoder")]


def _places(module_path: str, components: Iterable[str], manifest: Manifest) -> tuple[Place, ...]:
    return tuple(place for component in components for place in index(manifest, component).dotted(module_path))
