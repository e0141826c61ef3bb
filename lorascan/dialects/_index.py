"""Indexes the names that a base's modules go by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place
from lorascan.dialects._sgm import sgm_names
from lorascan.dialects.natives import native_names

UNDERSCORE, DOT = "_", "."
_FILLED = ""
"""A name that no module has: it says that the names were listed, even where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NameIndex:
    """The modules of one component by every name that files use, looked up exactly.

    Dotted paths (diffusers' own, and those of the model's original code) are kept apart from flattened ones, in which
    underscores stand for dots so that the path cannot be read back.
    """

    component: str
    paths: Mapping[str, tuple[int, ...]]
    _dotted: dict[str, Place | None] = field(default_factory=dict)
    _flat: dict[str, Place | None] = field(default_factory=dict)

    def dotted(self, path: str) -> tuple[Place, ...]:
        """The module of a dotted name; nothing where no or more than one module has it."""
        if path in self.paths:
            return (Place(component=self.component, module_path=path, known=True),)
        if not self._dotted:
            self._fill(self._dotted, DOT)
        place = self._dotted.get(path)
        return () if place is None else (place,)

    def flat(self, name: str) -> tuple[Place, ...]:
        """The module of a flattened name; nothing where no or more than one module flattens to it."""
        if not self._flat:
            self._fill(self._flat, UNDERSCORE)
        place = self._flat.get(name)
        return () if place is None else (place,)

    def _fill(self, names: dict[str, Place | None], joint: str) -> None:
        names[_FILLED] = None
        for dotted, place in self._names():
            name = dotted if joint == DOT else dotted.replace(DOT, UNDERSCORE)
            if joint == DOT:
                place = replace(place, variant="")  # noqa: PLW2901 - only flattened names have variants
            earlier = names.get(name, place)
            same = earlier is not None and (earlier.module_path, earlier.slices) == (place.module_path, place.slices)
            names[name] = earlier if same else None

    def _names(self) -> Iterator[tuple[str, Place]]:
        text = self.component.startswith("text_encoder")
        for path in self.paths:
            place = Place(component=self.component, module_path=path, known=True)
            for spelled in text_paths(path) if text else (path,):
                yield spelled, place
        for original, path in sgm_names(self.paths).items() if self.component == "unet" else ():
            yield original, Place(component=self.component, module_path=path, known=True, variant="sgm")
        for name in native_names(self.paths):
            single = name.parts[0] if len(name.parts) == 1 else name.native
            yield (
                name.native,
                Place(
                    component=self.component,
                    module_path=single,
                    known=True,
                    variant=name.architecture,
                    slices=name.parts if len(name.parts) > 1 else (),
                    permuted=name.permuted,
                ),
            )


@cache
def index(manifest: Manifest, component: str) -> NameIndex:
    """The names of one component of a base; an index of nothing where the base has no such component."""
    return NameIndex(component=component, paths=manifest.modules.get(component, {}))


def text_paths(module_path: str) -> tuple[str, str]:
    """A text encoder's module path with and without `text_model.`: writers and library versions differ in it."""
    bare = module_path.removeprefix("text_model.")
    return bare, f"text_model.{bare}"
