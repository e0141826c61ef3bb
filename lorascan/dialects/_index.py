"""Indexes the names that a base's modules go by."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place
from lorascan.dialects._sgm import SGM_WORDS, sgm_names
from lorascan.dialects.natives import native_names, natives

UNDERSCORE, DOT = "_", "."
_FILLED = ""
"""A name that no module has: it says that the names were listed, even where there is none."""


_Spelled = tuple[str, str, tuple[str, ...], bool]
"""Module path, variant, slices and permuted of a place: most of the names of a base are never asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NameIndex:
    """The modules of one component by every name that files use, looked up exactly.

    Dotted paths (diffusers' own, and those of the model's original code) are kept apart from flattened ones, in which
    underscores stand for dots so that the path cannot be read back.
    """

    component: str
    paths: Mapping[str, tuple[int, ...]]
    _last_words: set[str] = field(default_factory=set)
    _dotted: dict[str, _Spelled | None] = field(default_factory=dict)
    _flat: dict[str, _Spelled | None] = field(default_factory=dict)

    def dotted(self, path: str) -> tuple[Place, ...]:
        """The module of a dotted name; nothing where no or more than one module has it."""
        if path in self.paths:
            return (Place(component=self.component, module_path=path, known=True),)
        if not self._may_end(path.rpartition(DOT)[2]):
            return ()
        if not self._dotted:
            _fill(self._dotted, self._names())
        spelled = self._dotted.get(path)
        return () if spelled is None else (self._place(spelled, with_variant=False),)  # only flattened names have variants

    def flat(self, name: str) -> tuple[Place, ...]:
        """The module of a flattened name; nothing where no or more than one module flattens to it."""
        if not self._flat:
            _fill(self._flat, ((dotted.replace(DOT, UNDERSCORE), spelled) for dotted, spelled in self._names()))
        spelled = self._flat.get(name)
        return () if spelled is None else (self._place(spelled, with_variant=True),)

    def _may_end(self, word: str) -> bool:
        """Whether a dotted name may end so: telling costs a small part of what listing all names does."""
        if not self._last_words:
            self._last_words.update(last_words(), (path.rpartition(DOT)[2] for path in self.paths))
        return word in self._last_words or word.isdecimal()

    def _place(self, spelled: _Spelled, *, with_variant: bool) -> Place:
        path, variant, slices, permuted = spelled
        shown = variant if with_variant else ""
        return Place(component=self.component, module_path=path, known=True, variant=shown, slices=slices, permuted=permuted)

    def _names(self) -> Iterator[tuple[str, _Spelled]]:
        text = self.component.startswith("text_encoder")
        for path in self.paths:
            spelled = (path, "", (), False)
            for spelling in text_paths(path) if text else (path,):
                yield spelling, spelled
        for original, path in sgm_names(self.paths).items() if self.component == "unet" else ():
            yield original, (path, "sgm", (), False)
        for name in native_names(self.paths):
            if len(name.parts) == 1:
                yield name.native, (name.parts[0], name.architecture, (), name.permuted)
            else:
                yield name.native, (name.native, name.architecture, name.parts, name.permuted)


def _fill(names: dict[str, _Spelled | None], every: Iterable[tuple[str, _Spelled]]) -> None:
    """Each name with its module; None for a name of several."""
    names[_FILLED] = None
    for name, spelled in every:
        earlier = names.setdefault(name, spelled)
        if earlier is not None and (earlier[0], earlier[2]) != (spelled[0], spelled[2]):
            names[name] = None


_NO_PATHS: Mapping[str, tuple[int, ...]] = {}
_INDEXES: dict[tuple[str, int], NameIndex] = {}
"""By component and by the identity of the modules, which the index itself keeps alive."""


@cache
def last_words() -> frozenset[str]:
    """The last words of all original names, numbers left out."""
    templates = (name for native in natives().values() for name in native.modules)
    return SGM_WORDS.union(name.rpartition(DOT)[2] for name in templates)


@cache
def index(manifest: Manifest, component: str) -> NameIndex:
    """The names of one component of a base; an index of nothing where the base has no such component.

    Bases that share a network share its names.
    """
    paths = manifest.modules.get(component, _NO_PATHS)
    return _INDEXES.setdefault((component, id(paths)), NameIndex(component=component, paths=paths))


def text_paths(module_path: str) -> tuple[str, str]:
    """A text encoder's module path with and without `text_model.`: writers and library versions differ in it."""
    bare = module_path.removeprefix("text_model.")
    return bare, f"text_model.{bare}"
