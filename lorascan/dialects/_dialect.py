"""What a dialect is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lorascan.dialects._index import index
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

Shape = tuple[int, ...]


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
    components = (*_denoisers(manifest), *(each for each in manifest.modules if each.startswith("text_encoder")))
    found = tuple(place for component in components for place in index(manifest, component).dotted(module_path))
    return found or (Place(component=fall_back, module_path=module_path, known=False),)


def in_denoiser(module_path: str, manifest: Manifest) -> tuple[Place, ...]:
    """Every place of a dotted path in the denoiser, or one unknown place."""
    found = tuple(place for component in _denoisers(manifest) for place in index(manifest, component).dotted(module_path))
    return found or (Place(component="transformer", module_path=module_path, known=False),)


def _denoisers(manifest: Manifest) -> list[str]:
    """The components that a name without one means: the denoiser alone where a base has a prior beside it."""
    others = [each for each in manifest.modules if not each.startswith("text_encoder")]
    main = [each for each in others if each in {"unet", "transformer"}]
    return main or others
