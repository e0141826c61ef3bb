"""Reads the manifests of known bases."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lorascan.bases._family import Family
from lorascan.bases._patterns import Shape, unfolded
from lorascan.core.catalogue import members
from lorascan.dialects import Manifest

FOLDER = Path(__file__).resolve().parent / "manifests"
"""The manifest files, written by `lorascan.bases._generate`."""
SHARED = "_shared"
"""The file of the networks that several families share."""


@cache
def families() -> Mapping[str, Family]:
    """Family name → family, in name order."""
    return members("lorascan.bases", "FAMILY", Family)


@cache
def manifests() -> tuple[Manifest, ...]:
    """The manifests that ship with lorascan, in name order."""
    return tuple(manifest(name) for name in families())


@cache
def manifest(family: str) -> Manifest:
    """The manifest of one family; a text encoder that several families share is one object in all of them."""
    networks = _read(family)["networks"]
    modules = {name: _shared(made) if isinstance(made, str) else unfolded(made["modules"]) for name, made in networks.items()}
    return Manifest(family=family, modules=modules)


@cache
def _shared(name: str) -> Mapping[str, Shape]:
    return unfolded(_read(SHARED)[name]["modules"])


@cache
def _read(name: str) -> Mapping[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
