"""Reads a diffusers folder's modules and identity without loading it."""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lorascan.bases._manifests import families
from lorascan.core.errors import Unavailable, UsageError
from lorascan.core.tensors import TensorSpan
from lorascan.dialects import Manifest

INDEX = "model_index.json"
HEADER_LIMIT = 100 * 2**20
"""Bytes; the safetensors library's own limit."""
_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion", "wuerstchen", "stable_cascade"})
"""Where a component's class may stand: the last three are parts of diffusers."""
_OWN = ("lorascan.bases._patch_vae", "PatchVae")
_DIGESTED = frozenset({".json", ".txt", ".safetensors"})
_CHUNK = 2**20
_TABLES = ("_embedding", "relative_attention_bias", "shared", "embed_tokens")
"""Endings of what is looked up by number and multiplied with nothing."""


def base_manifest(folder: Path, family: str | None = None) -> Manifest:
    """The modules of a pipeline folder of a known class, from the headers of its safetensors files.

    Every weight of 2 to 5 dimensions that is no embedding table is a module's. Raises UsageError where the folder is no
    such pipeline, Unavailable where it has no safetensors weights or asks for code that lorascan does not run.
    """
    index = pipeline_index(folder)
    modules = {
        component: dict(_modules(folder / place, component, class_name_of(index, place)))
        for component, place in component_places(index).items()
        if class_name_of(index, place)
    }
    if all(component.startswith("text_encoder") for component in modules):
        raise Unavailable(f"the base {folder.name} has no denoiser", "download the whole base")
    return Manifest(family=family or f"folder {folder.name}", modules=modules)


def component_places(index: Mapping[str, Any]) -> dict[str, str]:
    """Component → folder, of every component that an adapter of a pipeline of this class can address."""
    return {
        component: family.contract.place(component)
        for family in families().values()
        if family.contract and family.pipeline_class == index["_class_name"]
        for component in family.models
    }


def pipeline_index(folder: Path) -> Mapping[str, Any]:
    """The checked model_index.json. Raises as `base_manifest` does."""
    path = folder / INDEX
    if not path.is_file():
        message = f"{folder.name} is no diffusers folder: it has no {INDEX}"
        raise UsageError(message)
    index = _read_json(path)
    name = index.get("_class_name")
    known = {family.pipeline_class for family in families().values() if family.contract}
    if not isinstance(name, str) or name not in known:
        what = f"the base {folder.name} is a pipeline of class {name!r}"
        raise Unavailable(what, f"give a folder of one of {', '.join(sorted(known))}; custom pipelines are not run")
    for component, entry in index.items():
        if isinstance(entry, list) and not _is_plain(entry):
            what = f"component {component!r} of the base {folder.name} asks for the class {entry}"
            raise Unavailable(what, "give a base that is made of diffusers and transformers classes only")
    return index


def variant(folder: Path) -> str | None:
    """The file variant, "fp16", where the denoiser's weights are stored only under its name; None where plain ones are."""
    places = component_places(pipeline_index(folder)).items()
    weights = next(folder / place for component, place in places if not component.startswith("text_encoder"))
    plain = list(weights.glob(f"{_stem(weights.name)}.safetensors*"))
    sharded = list(weights.glob(f"{_stem(weights.name)}-*.safetensors"))
    return None if plain or sharded else "fp16"


def folder_digest(folder: Path) -> str:
    """SHA-256 over the sorted relative paths and SHA-256s of every configuration, vocabulary and safetensors file."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.suffix in _DIGESTED and each.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{_file_digest(path)}\n".encode())
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _is_plain(entry: list[Any]) -> bool:
    """Whether a component is absent, a class of the two libraries, or our own autoencoder."""
    match entry:
        case [None, *_]:
            return True
        case [str(library), str(name)]:
            return library in _LIBRARIES or (library, name) == _OWN
    return False


def class_name_of(index: Mapping[str, Any], component: str) -> str | None:
    entry = index.get(component)
    return entry[1] if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str) else None


def _modules(folder: Path, component: str, class_name: str | None) -> Iterator[tuple[str, tuple[int, ...]]]:
    for file in weight_files(folder, component):
        for span in spans(file):
            path = span.name.removesuffix(".weight")
            if path != span.name and 2 <= len(span.shape) <= 5 and not path.endswith(_TABLES):
                yield library_path(path, class_name), span.shape


def library_path(path: str, class_name: str | None) -> str:
    """The module path in the installed library: since transformers 5, CLIPTextModel has no inner `text_model`."""
    return path.removeprefix("text_model.") if class_name == "CLIPTextModel" else path


def _stem(component: str) -> str:
    """What the weight files of a component are called: the two libraries differ."""
    return "model" if "text_encoder" in component else "diffusion_pytorch_model"


def weight_files(folder: Path, component: str) -> list[Path]:
    stem = _stem(component)
    for pattern in (f"{stem}.safetensors", f"{stem}-*-of-*.safetensors", f"{stem}.fp16*.safetensors"):
        found = sorted(folder.glob(pattern))
        if found:
            return found
    pickled = any(each.suffix in {".bin", ".pt", ".ckpt"} for each in folder.glob("*"))
    what = f"the base's {component} has {'only pickle weights' if pickled else 'no weights'}"
    raise Unavailable(what, "convert the base to safetensors" if pickled else "download the whole base")


def spans(path: Path) -> tuple[TensorSpan, ...]:
    """Every tensor of a safetensors file, from its header. Raises UsageError where there is none."""
    with path.open("rb") as file:
        prefix = file.read(8)
        length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else HEADER_LIMIT + 1
        if length > HEADER_LIMIT:
            message = f"{path.parent.name}/{path.name} of the base is no safetensors file"
            raise UsageError(message)
        header = _parse(file.read(length), path)
    try:
        return tuple(_span(name, entry, 8 + length) for name, entry in header.items() if name != "__metadata__")
    except (TypeError, KeyError, ValueError) as error:
        message = f"{path.parent.name}/{path.name} of the base has a broken header"
        raise UsageError(message) from error


def _span(name: str, entry: Mapping[str, Any], first: int) -> TensorSpan:
    start, stop = entry["data_offsets"]
    shape = tuple(int(each) for each in entry["shape"])
    return TensorSpan(name=name, dtype=str(entry["dtype"]), shape=shape, start=first + int(start), stop=first + int(stop))


def _read_json(path: Path) -> Mapping[str, Any]:
    return _parse(path.read_bytes(), path)


def _parse(content: bytes, path: Path) -> Mapping[str, Any]:
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        message = f"{path.name} of the base is not JSON"
        raise UsageError(message) from error
    if not isinstance(parsed, dict):
        message = f"{path.name} of the base is no JSON object"
        raise UsageError(message)
    return parsed
