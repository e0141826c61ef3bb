"""Finds and merges what a caller has configured."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, field_validator

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError
from lorascan.core.findings import Severity
from lorascan.core.toml import parsed
from lorascan.policy import Waiver, first_problem
from lorascan.settings import Settings, Strict

NAMES = ("lorascan.toml", "pyproject.toml")
PREFIX = "LORASCAN_"
_OTHERS = frozenset(
    {"LORASCAN_CONFIG", "LORASCAN_NO_BROWSER", "LORASCAN_CONTAINER_ENGINE", "LORASCAN_CONTAINER_IMAGE", "LORASCAN_CONTAINER_RUNTIME"}
)
_BYTES = 2**20
_ISOLATIONS: tuple[str, ...] = get_args(Settings.model_fields["isolation"].annotation)
_PATHS = ("scorer", "allow_list", "block_list", "baseline", "calibration", "cache_dir")


class Config(Strict):
    """What a config file and `LORASCAN_*` may say; TOML writes its keys with hyphens, the environment in capitals.

    A report-only run (`--exit-zero`) and the output files belong to the command line alone.
    """

    policy: str = "ci"
    base: str | None = None
    scorer: Path | None = None
    device: str = "auto"
    isolation: str = "auto"
    declared: tuple[str, ...] = ()
    seed: int = Field(0, ge=0, lt=2**63)
    budget: str | float | None = None
    keep_going: bool = False
    fail_on: Severity | None = None
    min_severity: Severity = Severity.INFO
    allow_list: Path | None = None
    block_list: Path | None = None
    baseline: Path | None = None
    calibration: Path | None = None
    max_size: str | None = None
    timeout: float | None = None
    cache: bool = True
    images: bool = True
    cache_dir: Path | None = None
    format: str = "text"
    color: Literal["auto", "always", "never"] = "auto"
    waiver: tuple[Waiver, ...] = ()

    @field_validator("isolation")
    @classmethod
    def _is_a_lock(cls, value: str) -> str:
        if value not in _ISOLATIONS:
            *locks, without = _ISOLATIONS
            message = f"there is no {value!r}: {', '.join(locks)}; {without} runs WITHOUT a lock and is refused where CI is set"
            raise ValueError(message)
        return value

    @field_validator("policy", "base", *_PATHS)
    @classmethod
    def _can_be_a_path(cls, value: str | Path | None) -> str | Path | None:
        if "\x00" in str(value):
            message = "no path holds a NUL character"
            raise ValueError(message)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The settings in force. `origins`: field → where its value comes from; `ignored`: config files that were passed over."""

    config: Config
    origins: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    ignored: tuple[Path, ...] = ()


def effective(
    given: Mapping[str, object],
    *,
    file: Path | None = None,
    scanned: Sequence[Path] = (),
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Effective:
    """Command line (`given`; None is not given) over environment over config file over defaults.

    `file` is the config file that the caller names; without it one is searched from `start` (the working directory) up to the
    folder with `.git`, never in the folder of a `scanned` file or within a scanned folder. Raises UsageError for an unknown
    key, a value that makes no sense, or a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    named = file or (Path(environ["LORASCAN_CONFIG"]) if environ.get("LORASCAN_CONFIG") else None)
    found, ignored = _found(named, start or Path.cwd(), scanned)
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if found is not None:
        layers.append((str(found), _from_file(found)))
    layers += [(f"{PREFIX}{name.upper()}", {name: value}) for name, value in _from_environment(environ).items()]
    layers.append(("command line", {name: value for name, value in given.items() if value is not None}))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, told in layers:
        _checked(told, origin)
        values |= told
        origins |= dict.fromkeys(told, origin)
    return Effective(config=_checked(values, "settings"), origins=origins, path=found, ignored=ignored)


def _found(named: Path | None, start: Path, scanned: Sequence[Path]) -> tuple[Path | None, tuple[Path, ...]]:
    return discover(start, scanned) if named is None else (named, ())


def discover(start: Path, scanned: Sequence[Path]) -> tuple[Path | None, tuple[Path, ...]]:
    """The nearest config file that may be believed, and those that stand where an attacker may have put them."""
    ignored: list[Path] = []
    suspect = [form for each in scanned for form in (_resolved(each), _resolved(each.absolute().parent) / each.name)]
    for folder in _upwards(_resolved(start)):
        if any(_belongs(folder, each) for each in suspect):
            ignored += _mentioned(folder)
        elif (path := _config_in(folder)) is not None:
            return path, tuple(ignored)
    return None, tuple(ignored)


def _mentioned(folder: Path) -> list[Path]:
    """What would be the config of a folder that is not believed: found by name and by a word, not parsed."""
    own, shared = (folder / name for name in NAMES)
    if own.is_file():
        return [own]
    try:
        return [shared] if shared.is_file() and b"lorascan" in read_bounded(shared, _BYTES, "config") else []
    except UsageError:
        return []


def _belongs(folder: Path, scanned: Path) -> bool:
    """Whether what is scanned brought this folder along: a file the folder that it lies in, a folder itself and all below.

    Of a link both ends count, the folder that it stands in and the one that it leads to.
    """
    if scanned.is_dir():
        return folder == scanned or scanned in folder.parents
    return folder == scanned.parent


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


def _upwards(start: Path) -> list[Path]:
    """The folders from `start` to the one that holds `.git`; where none does, `start` alone: what lies above is a stranger's."""
    folders = [start, *start.parents]
    for place, each in enumerate(folders):
        if (each / ".git").exists():
            return folders[: place + 1]
    return [start]


def _config_in(folder: Path) -> Path | None:
    for name in NAMES:
        path = folder / name
        if path.is_file() and (name == NAMES[0] or "lorascan" in _tools(path)):
            return path
    return None


def _tools(path: Path) -> Mapping[str, Any]:
    """The [tool] tables of a pyproject.toml; none where it is no TOML and does not speak of us."""
    raw = read_bounded(path, _BYTES, "config")
    if b"lorascan" not in raw:
        return {}
    tool = _parsed(raw, path).get("tool")
    return tool if isinstance(tool, dict) else {}


def _parsed(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        return parsed(raw)
    except ValueError as error:
        message = f"{path} is no TOML: {error}"
        raise UsageError(message) from error


def _from_file(path: Path) -> dict[str, Any]:
    """What a config file says; paths in it are relative to it."""
    told: object = _tools(path).get("lorascan", {}) if path.name == NAMES[1] else _parsed(read_bounded(path, _BYTES, "config"), path)
    if not isinstance(told, dict):
        message = f"{path}: [tool.lorascan] is no table"
        raise UsageError(message)
    values = {name.replace("-", "_"): value for name, value in told.items()}
    for name in _PATHS:
        if isinstance(values.get(name), str):
            values[name] = str(path.parent / values[name])
    policy, base = values.get("policy"), values.get("base")
    if isinstance(policy, str) and policy.endswith(".toml"):
        values["policy"] = str(path.parent / policy)
    if isinstance(base, str) and (path.parent / base).is_dir():
        values["base"] = str(path.parent / base)
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and name not in _OTHERS:
            key = name.removeprefix(PREFIX).lower()
            values[key] = tuple(filter(None, (each.strip() for each in value.split(",")))) if key == "declared" else value
    return values


def _checked(values: Mapping[str, Any], origin: str) -> Config:
    try:
        return Config.model_validate(dict(values))
    except ValidationError as error:
        message = f"{origin}: {first_problem(error, Config)}"
        raise UsageError(message) from error
