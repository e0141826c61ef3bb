"""Finds what a config asks its loader to import, fetch or open."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

_OWN_LIBRARIES = ("diffusers", "transformers", "peft")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_CLASS = re.compile(r"[A-Z]\w*", re.ASCII)
_MEGATRON = "megatron.core"  # PEFT's default, imported only where megatron_config is set
_IMPORTING = frozenset(
    (
        *("auto_map", "trust_remote_code", "megatron_config", "custom_code", "remote_code"),
        *("custom_pipeline", "custom_pipelines", "_target_", "class_path"),
    )
)
"""Fields that make some loader import what they name, at any depth."""
_MAKING = re.compile(r"__(?!comment|note|version)\w+__|py/(?:object|reduce|type|function|repr|newargs\w*)|\$type", re.ASCII)
"""Fields by which deserialisers make an object of any class, or reach into one."""
_NETWORK = re.compile(r"\\\\|//|(?:ftp|file|smb|s3|gs|ssh|git|(?:git|hg|svn|bzr)\+\w+)://", re.IGNORECASE)
_SCHEME = re.compile(r"(?!https?://)(?:[a-z][a-z0-9+.-]{1,30}:[/\\]|(?:javascript|vbscript|data|file|jar):)", re.IGNORECASE)
_PAGE = re.compile(r"https?://", re.IGNORECASE)
_FOLLOWED = re.compile(r"(?:path|file|dir|folder|name|model|url|adapters|revision)\Z")  # fields whose text a loader opens
_LEAVING = re.compile(
    r"\0|(?:\.\.[\\/]){3}|\A/(?:etc|proc|dev|sys)/|[\\/]\.ssh[\\/]|~[\\/]\.|[\\/]windows[\\/]system32\b|%(?:systemroot|windir|comspec)%|\A\\\\[.?]\\",
    re.IGNORECASE,
)
_SHELL = re.compile(r"[\x00-\x1f`|<>]|\$\(")  # in no path of a trainer; a shell would act on them
_PICKLED = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")
_BASE = "base_model_name_or_path"
_SHOWN = 200
_REPORTED = 20


def imports(values: Mapping[str, object]) -> Iterator[str]:
    """Each field that makes a loader import code, as "field = value", at any depth and in any spelling of its name."""
    mapping = values.get("auto_mapping")
    if mapping and not _is_own(mapping):
        yield f"auto_mapping = {mapping}"[:_SHOWN]
    for path, value in _fields(values):
        name = plain_name(path.rpartition(".")[2])
        if (name in _IMPORTING and value) or _MAKING.fullmatch(name):
            yield f"{path} = {value}"[:_SHOWN]
    if values.get("megatron_core") not in (None, _MEGATRON):
        yield f"megatron_core = {values['megatron_core']}"[:_SHOWN]


def plain_name(name: str) -> str:
    """A field's name as a careless reader takes it: without invisible characters and blanks, wide letters and capitals made plain."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(each for each in folded if unicodedata.category(each) not in ("Cf", "Mn", "Zs", "Cc"))


def places(values: Mapping[str, object]) -> tuple[str, ...]:
    """Each text of the config that is a network path, or a file path that leaves or is unpickled, as "field = value".

    A plain local path, Windows' included, is none: trainers write where their base lay.
    """
    found = (f"{path} = {text}"[:_SHOWN] for path, text in _texts(values) if _is_a_place(path, text))
    return tuple(found)[:_REPORTED]


def _is_own(mapping: object) -> bool:
    """Whether PEFT's `auto_mapping` names a class of the libraries that write it."""
    if not isinstance(mapping, dict):
        return False
    library, name = mapping.get("parent_library"), mapping.get("base_model_class")
    if not isinstance(library, str) or not _DOTTED.fullmatch(library) or library.partition(".")[0] not in _OWN_LIBRARIES:
        return False
    return name is None or (isinstance(name, str) and bool(_CLASS.fullmatch(name)))


def _is_a_place(path: str, text: str) -> bool:
    if path.partition(".")[0] == "adapters":  # further ones, which X-LoRA fetches
        return True
    followed = bool(_FOLLOWED.search(path))
    unpickled = followed and path != _BASE and text.lower().endswith(_PICKLED)
    opened = followed and bool(_PAGE.match(text) or _SCHEME.match(text.lstrip()) or _SHELL.search(text))
    return bool(_NETWORK.match(text) or _LEAVING.search(text) or opened or unpickled)


def _fields(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every field with its path, outside maps of module paths; the parser has bounded the nesting."""
    pending: list[tuple[str, object]] = [(name, each) for name, each in values.items()]
    while pending:
        path, value = pending.pop()
        yield path, value
        if path.endswith("_pattern"):
            continue
        if isinstance(value, dict):
            pending.extend((f"{path}.{name}", each) for name, each in value.items())
        elif isinstance(value, list):
            pending.extend((path, each) for each in value if isinstance(each, dict | list))


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
