"""What a dialect is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lorascan.dialects._manifest import Manifest

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A module that a stem may name. `known` says whether the manifest has it; `variant` tells namings of one dialect apart."""

    component: str
    module_path: str
    known: bool
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of naming the two factors of a low-rank update.

    `claims(stem, spelling)` says whether a stem with this pair of endings is of the dialect: at most one dialect claims
    a name. `places(stem, spelling, manifest)` lists the modules that the stem may name, known ones first and never
    empty. `example` maps tensor names to shapes: a small adapter for SD 1.5, used by the contract test.
    """

    name: str
    title: str
    claims: Callable[[str, str], bool]
    places: Callable[[str, str, Manifest], tuple[Place, ...]]
    example: Mapping[str, Shape]


def text_paths(module_path: str) -> tuple[str, str]:
    """A text encoder's module path with and without `text_model.`: writers and library versions differ in it."""
    bare = module_path.removeprefix("text_model.")
    return bare, f"text_model.{bare}"


def dotted_places(component: str, module_path: str, manifest: Manifest) -> tuple[Place, ...]:
    """The places of a dotted path inside a named component: one known place, or the unknown one."""
    paths = text_paths(module_path) if component.startswith("text_encoder") else (module_path,)
    for path in paths:
        if manifest.shape(component, path) is not None:
            return (Place(component=component, module_path=path, known=True),)
    return (Place(component=component, module_path=module_path, known=False),)


def anywhere(module_path: str, manifest: Manifest, fall_back: str) -> tuple[Place, ...]:
    """Every place of a dotted path that names no component, or one unknown place in `fall_back`."""
    found = tuple(place for component in manifest.modules for place in dotted_places(component, module_path, manifest) if place.known)
    return found or (Place(component=fall_back, module_path=module_path, known=False),)
