"""Reads the manifests of known bases."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lorascan.bases._family import Family
from lorascan.core.catalogue import members
from lorascan.dialects import Manifest

FOLDER = Path(__file__).resolve().parent / "manifests"
"""The manifest files, written by `lorascan.bases._generate`."""


@cache
def families() -> Mapping[str, Family]:
    """Family name → family, in name order."""
    return members("lorascan.bases", "FAMILY", Family)


@cache
def manifests() -> tuple[Manifest, ...]:
    """The manifests that ship with lorascan, in name order."""
    return tuple(_read(FOLDER / f"{name}.json") for name in families())


def _read(path: Path) -> Manifest:
    stored = json.loads(path.read_text(encoding="utf-8"))
    modules = {
        component: {module_path: tuple(shape) for module_path, shape in shapes.items()} for component, shapes in stored["modules"].items()
    }
    return Manifest(family=stored["family"], modules=modules)
