"""Keeps what audits found, by the digest of the file."""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from lorascan.bases import resolve_base
from lorascan.core.adapter import BaseFacts, FileFacts, FileIdentity
from lorascan.core.behaviour import LoadFacts, Picture, ProbeFacts
from lorascan.core.errors import LorascanError
from lorascan.core.findings import Decision
from lorascan.core.kept import KeptFiles
from lorascan.core.report import Report
from lorascan.core.shipped import shipped
from lorascan.core.surroundings import Surroundings
from lorascan.environment import environment
from lorascan.intake import companions
from lorascan.reporting import load, render
from lorascan.reporting._shapes import plain
from lorascan.settings import Settings

_SCHEMA = "lorascan/cache/v1"
_JUDGED_LATER = {"policy", "allowed", "blocked", "timeout_seconds"}
"""Settings that are applied to what was found, and change nothing of it."""
MOST_BYTES = 2 * 2**30
_LARGEST = 2**28
"""Bytes of the largest result that is kept, or read back."""
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How many results are kept, and their size in bytes."""

    entries: int
    size: int


def default_folder() -> Path:
    """Where the user's programs keep what can be made again."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - asked for only

    return user_cache_path("lorascan") / "results"


class Cache:
    """Results in one folder that nobody else may write to; one JSON file of mode 0600 each."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made, for its owner alone, when the first result is kept."""
        self.folder = folder
        self._files = KeptFiles(folder=folder, suffix=".json")

    def trouble(self) -> str:
        """Why the folder cannot be trusted, or "": what somebody else may write is no evidence."""
        try:
            found = self.folder.stat()
        except FileNotFoundError:
            return ""
        except OSError as error:
            return error.strerror or str(error)
        if not stat.S_ISDIR(found.st_mode):
            return "it is no folder"
        if found.st_uid != os.geteuid() or found.st_mode & 0o022:
            return "others may write there"
        return ""

    def get(self, key: str) -> Report | None:
        """The result kept under a key, or None; one that cannot be read back is as good as none."""
        try:
            entry = json.loads(self._files.read(key, _LARGEST))
            if not isinstance(entry, dict) or entry.get("schema") != _SCHEMA or entry.get("key") != key:
                return None
            return unpacked(entry)
        except (OSError, ValueError, KeyError, TypeError, RecursionError, LorascanError):
            return None

    def put(self, key: str, report: Report) -> None:
        """Keep a result, unless it is undecided or very large. Raises OSError where the folder takes nothing."""
        if report.verdict.decision is Decision.UNDECIDED:
            return
        entry = json.dumps({"schema": _SCHEMA, "key": key, **packed(report)})
        if len(entry) <= _LARGEST:
            self._files.write(key, entry)

    def stats(self) -> Stats:
        """What is kept."""
        sizes = self._files.sizes()
        return Stats(entries=len(sizes), size=sum(sizes))

    def prune(self, *, older_than_days: float | None = None, most_bytes: int = MOST_BYTES) -> int:
        """Remove what is older, then the oldest until the rest fits. Returns how many were removed."""
        return self._files.prune(older_than_days=older_than_days, most_bytes=most_bytes)

    def clear(self) -> int:
        """Remove everything that is kept. Returns how much that was."""
        return self.prune(most_bytes=-1)


def packed(report: Report) -> dict[str, Any]:
    """The report and its pictures as JSON values; `unpacked` makes a report of them again."""
    return {"report": render(report, "json"), "pictures": list(_pictures(report))}


def unpacked(entry: dict[str, Any]) -> Report:
    """The report that `packed` made an entry of. Raises UsageError, ValueError, KeyError or TypeError for anything else."""
    return _with_pictures(load(entry["report"]), entry["pictures"])


def digest_of(path: Path, most_bytes: int) -> str | None:
    """SHA-256 of a file's bytes; None for what is no file, is larger than that, or cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > most_bytes:
            return None
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def key_of(path: Path, digest: str, settings: Settings, *, loads: bool, surroundings: Surroundings | None, rules: object = None) -> str:
    """SHA-256 over all that a result depends on: the file (`digest` of its bytes), its name and what stands beside it, lorascan's
    own code, rules and probe suites, the settings, the versions of the libraries, the base and the machine's kind of device.

    Of a pair also the second file, and the caller's `rules`: it is judged by them before anything is loaded.
    """  # noqa: D205 - one sentence of two lines
    parts: dict[str, Any] = {
        "file": digest,
        "name": path.name,
        "beside": _beside(path),
        "surroundings": plain(surroundings),
        "code": code_digest(),
        "settings": settings.model_dump(mode="json", exclude=_JUDGED_LATER),
        "loads": loads or settings.keep_going,
        "environment": environment(),
        "folders": [_stamp(Path(each)) for each in (settings.base, settings.scorer) if each is not None],
        "device": settings.device if settings.device != "auto" else str(Path("/dev/nvidiactl").exists()),
    }
    if settings.partner is not None:
        second = digest_of(settings.partner, settings.limits.file_bytes)
        parts["partner"] = [second, _beside(settings.partner), _spelt(rules)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _beside(path: Path) -> list[str | None]:
    """Digests of what stands beside a file and says something about it."""
    found = companions(path)
    return [hashlib.sha256(each).hexdigest() if each is not None else None for each in (found.config, found.card)]


def _spelt(value: object) -> Any:  # noqa: ANN401 - JSON values
    """Rules as JSON values, sets in order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _spelt(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _spelt(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return [_spelt(each) for each in value] if isinstance(value, (list, tuple)) else str(value)


def same_base(report: Report, settings: Settings) -> bool:
    """Whether the base that would be used now is, byte for byte, the one that the result was made with."""
    if not report.evidence.has(LoadFacts):
        return True
    try:
        base = resolve_base(settings.base, report.evidence[BaseFacts], settings.scorer)
    except LorascanError:
        return False
    return base.sha256 == report.evidence[LoadFacts].base_sha256


def at_place(report: Report, path: Path | str) -> Report:
    """A result for the same bytes at another place: a path, or the address of a file elsewhere."""
    facts = tuple(replace(each, path=str(path)) if isinstance(each, FileFacts | FileIdentity) else each for each in report.evidence.facts)
    return replace(report, evidence=replace(report.evidence, facts=facts))


def as_asked(report: Report, command: str) -> Report:
    """A result that was kept, for another call; with SOURCE_DATE_EPOCH as if it were made now."""
    kept = {name: each for name, each in report.environment.items() if name != "created" or not os.environ.get("SOURCE_DATE_EPOCH")}
    return replace(report, command=command, environment=kept, cached=True)


@cache
def code_digest() -> str:
    """SHA-256 over lorascan's own code and shipped data: another rule or threshold is another key."""
    digest = hashlib.sha256()
    for root in (_PACKAGE, shipped("probes")):
        found = [each for suffix in ("py", "toml", "json") for each in root.rglob(f"*.{suffix}")]
        for path in sorted(found):
            name = path.relative_to(root)
            if "assets" not in name.parts:
                digest.update(f"{name}\x00".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _stamp(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files of a folder; [] for what is none, such as a name in the hub cache."""
    if not folder.is_dir():
        return []
    found = ((each, each.stat()) for each in sorted(folder.rglob("*")) if each.is_file())
    return [(str(each.relative_to(folder)), seen.st_size, seen.st_mtime_ns) for each, seen in found]


def _pictures(report: Report) -> Iterator[dict[str, Any]]:
    for probe in report.evidence.all(ProbeFacts):
        for each in probe.pictures:
            yield {name: getattr(each, name) for name in _FIELDS} | {"webp": base64.b64encode(each.webp).decode("ascii")}


_FIELDS = ("prompt", "trigger", "kind", "seed", "scale", "adapted", "similarity")


def _with_pictures(report: Report, told: list[dict[str, Any]]) -> Report:
    pictures = tuple(Picture(**{name: each[name] for name in _FIELDS}, webp=base64.b64decode(each["webp"], validate=True)) for each in told)
    facts = tuple(replace(each, pictures=pictures) if isinstance(each, ProbeFacts) else each for each in report.evidence.facts)
    return replace(report, evidence=replace(report.evidence, facts=facts))
