"""What the original names of an architecture are, and how they are listed for a base."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<=\.)[0-9]+(?=\.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """An architecture's original names.

    `markers` are diffusers module paths that only this architecture has together. `modules` maps an original name to the diffusers
    modules that it holds, top to bottom, with N for the number of a block; `permuted` are the original names whose
    rows diffusers orders otherwise.
    """

    name: str
    markers: tuple[str, ...]
    modules: Mapping[str, tuple[str, ...]]
    permuted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeName:
    """One original name and the modules of one base that it holds."""

    native: str
    parts: tuple[str, ...]
    architecture: str
    permuted: bool


def names_of(native: Native, paths: Mapping[str, tuple[int, ...]]) -> Iterator[NativeName]:
    """Every original name all of whose modules the base has."""
    numbers: dict[str, list[str]] = {}
    for path in paths:
        found = _NUMBER.search(path)
        if found:
            numbers.setdefault(f"{path[: found.start()]}N{path[found.end() :]}", []).append(found[0])
    for name, parts in native.modules.items():
        for number in numbers.get(parts[0], []) if "N" in name.split(".") else [""]:
            spelled = tuple(_filled(part, number) for part in parts)
            if all(part in paths for part in spelled):
                yield NativeName(native=_filled(name, number), parts=spelled, architecture=native.name, permuted=name in native.permuted)


def _filled(template: str, number: str) -> str:
    return ".".join(number if word == "N" else word for word in template.split("."))
