"""Finds what a PEFT config asks its loader to import, fetch or open."""

import re
from collections.abc import Iterable, Iterator, Mapping

_OWN_LIBRARIES = ("diffusers", "transformers", "peft")
_MEGATRON = "megatron.core"  # PEFT's default, imported only where megatron_config is set
_IMPORTING = ("auto_map", "trust_remote_code", "megatron_config", "custom_pipeline", "custom_code", "remote_code", "_target_")
_NETWORK = re.compile(r"\\\\|//|(?:ftp|file|smb|s3|gs|ssh|git|(?:git|hg|svn|bzr)\+\w+)://", re.IGNORECASE)
_PAGE = re.compile(r"https?://", re.IGNORECASE)
_FOLLOWED = re.compile(r"(?:path|file|dir|folder|name|model|url|adapters)\Z")  # fields whose text a loader opens
_LEAVING = re.compile(r"\0|(?:\.\.[\\/]){3}|\A/(?:etc|proc|dev|sys)/|[\\/]\.ssh[\\/]|~[\\/]\.", re.IGNORECASE)
_PICKLED = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")
_BASE = "base_model_name_or_path"
_SHOWN = 200
_REPORTED = 20


def imports(values: Mapping[str, object]) -> Iterator[str]:
    """Each field that makes a loader import code, as "field = value"."""
    mapping = values.get("auto_mapping")
    library = mapping.get("parent_library") if isinstance(mapping, dict) else None
    if mapping and not (isinstance(library, str) and library.partition(".")[0] in _OWN_LIBRARIES):
        yield f"auto_mapping = {mapping}"[:_SHOWN]
    for name in _IMPORTING:
        if value := values.get(name):
            yield f"{name} = {value}"[:_SHOWN]
    if values.get("megatron_core") not in (None, _MEGATRON):
        yield f"megatron_core = {values['megatron_core']}"[:_SHOWN]


def places(values: Mapping[str, object]) -> tuple[str, ...]:
    """Each text of the config that is a network path, or a file path that leaves or is unpickled, as "field = value".

    A plain local path, Windows' included, is none: trainers write where their base lay.
    """
    found = (f"{path} = {text}"[:_SHOWN] for path, text in _texts(values) if _is_a_place(path, text))
    return tuple(found)[:_REPORTED]


def _is_a_place(path: str, text: str) -> bool:
    followed = bool(_FOLLOWED.search(path))
    unpickled = followed and path != _BASE and text.lower().endswith(_PICKLED)
    return bool(_NETWORK.match(text) or _LEAVING.search(text) or (followed and _PAGE.match(text)) or unpickled)


def _texts(values: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """Every text with the path of its field; the parser has bounded the nesting."""
    pending: list[tuple[str, object]] = [(name, each) for name, each in values.items() if not name.endswith("_pattern")]
    while pending:
        path, value = pending.pop(0)
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            pending.extend((f"{path}.{name}", each) for name, each in value.items())
        elif isinstance(value, list) and path not in ("target_modules", "exclude_modules", "modules_to_save"):
            pending.extend((path, each) for each in value)
