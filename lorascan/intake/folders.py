"""Looks at everything in a folder that holds adapters."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path, PurePath

from lorascan.core.errors import Refusal, Unavailable
from lorascan.core.surroundings import Neighbour, Surroundings
from lorascan.intake.archives import is_code, is_loose, loose_code, loose_refusals, sealed
from lorascan.intake.companions import owns_config
from lorascan.intake.configs_beside import JSON, YAML, asked
from lorascan.intake.receiving import receive
from lorascan.settings import Limits

ADAPTER_SUFFIXES = (".safetensors", ".sft", ".bin", ".pt", ".pth", ".ckpt")
"""What a folder is searched for; a file named outright is taken whatever its name."""
_ENTRIES = 20_000
_DEPTH = 32
_SKIPPED = (".git",)  # hooks and packs of the repository that the folder was cloned from: no loader reads them
_HEAD = 4096
_CONFIG_BYTES = 2**20
_LOOSE_BYTES = 256 * 2**20  # of a pickle or archive beside the weights
_LIMITS = Limits(file_bytes=_LOOSE_BYTES)
_REPORTED = 100  # remarks that one adapter's report holds
_PLAIN_PATH = re.compile(r"(?!-)[\w.,()/+-]*(?: [\w.,()/+-]*){0,2}", re.ASCII)  # more blanks make a sentence
_PACKAGES = ("adapter_config.json", "model_index.json")
"""Beside these the adapters of a folder are parts of one whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """A link that leads out of the folder, and the adapters that it concerns: None for all, none where it stands for itself."""

    path: str
    target: str
    concerns: frozenset[PurePath] | None


_Remark = Neighbour | Refusal | str | _Link


@dataclass(slots=True, eq=False)
class _Seen:
    """What one walk through the folder found, by relative path."""

    root: str
    adapters: list[PurePath] = field(default_factory=list)
    files: list[PurePath] = field(default_factory=list)
    links: list[tuple[PurePath, str]] = field(default_factory=list)
    unread: list[tuple[PurePath, str]] = field(default_factory=list)

    @property
    def names(self) -> Iterator[str]:
        """Every path, as a text."""
        yield from map(str, (*self.adapters, *self.files, *(path for path, _ in self.links)))


def survey(folder: Path) -> list[tuple[Path, Surroundings]]:
    """Each adapter in the folder and below, in path order, with what concerns it there.

    What stands beside adapters, or below them, concerns those; what stands apart concerns every adapter below the
    nearest folder that holds both. Links are judged by where they lead, never followed into other folders. Where a folder is
    no package but holds several adapters, a link that leaves it concerns the adapter that it is, or that it is named after.
    """
    seen = _Seen(root=os.path.realpath(folder))
    _walk(seen, PurePath(), 0)
    seen.adapters.sort()
    if not seen.adapters:
        return []
    configs = {path: _text(folder / path) for path in seen.files if path.suffix.lower() in (*JSON, *YAML)}
    shared = {each for adapter in seen.adapters for each in adapter.parents}
    remarks: dict[PurePath, list[_Remark]] = {}
    for path, remark in _remarks(folder, seen, configs):
        home = next(each for each in path.parents if each in shared)
        remarks.setdefault(home, []).append(remark)
    odd = tuple(each for each in seen.names if not _PLAIN_PATH.fullmatch(each))
    return [(folder / each, _surroundings(folder, each, remarks, seen, odd)) for each in seen.adapters]


def _remarks(folder: Path, seen: _Seen, configs: dict[PurePath, str]) -> Iterator[tuple[PurePath, _Remark]]:
    yield from ((path, link) for path, link in _links(seen))
    yield from ((path, f"{path}: {why}") for path, why in seen.unread)
    owned = {path.parent for path in seen.adapters if owns_config(folder / path)}
    for path in seen.files:
        yield from ((path, each) for each in _looked_at(folder, path, configs))
        for each in asked(path.name, configs.get(path, ""), _LIMITS, owned=path.parent in owned) if path in configs else ():
            yield path, Refusal(code=each.code, message=f"{path}: {each.message}", where=each.where, measured=each.measured)


def _links(seen: _Seen) -> Iterator[tuple[PurePath, _Link]]:
    below = Counter(folder for adapter in seen.adapters for folder in adapter.parents)
    packages = {path.parent for path in seen.files if path.name in _PACKAGES}
    named: dict[PurePath, set[PurePath]] = {}
    for adapter in seen.adapters:
        named.setdefault(adapter.with_suffix(""), set()).add(adapter)
    for path, target in seen.links:
        home = next(each for each in path.parents if each in below)
        concerns = None
        if below[home] > 1 and home not in packages:
            parts = path.name.split(".")
            stems = (path.with_name(".".join(parts[:end])) for end in range(1, len(parts)) if parts[0])
            concerns = frozenset[PurePath]().union(*(named.get(each, ()) for each in stems))
        yield path, _Link(path=str(path), target=target, concerns=concerns)


def _surroundings(
    folder: Path, adapter: PurePath, by_home: dict[PurePath, list[_Remark]], seen: _Seen, odd: tuple[str, ...]
) -> Surroundings:
    remarks = list(islice(chain.from_iterable(by_home.get(home, ()) for home in adapter.parents), _REPORTED))
    links = [each for each in remarks if isinstance(each, _Link)]
    return Surroundings(
        folder=str(folder),
        neighbours=tuple(each for each in remarks if isinstance(each, Neighbour)),
        links=tuple(_shown(each) for each in links if each.concerns is None or adapter in each.concerns),
        links_apart=tuple(_shown(each) for each in links if each.concerns is not None and not each.concerns),
        links_of_others=tuple(_shown(each) for each in links if each.concerns and adapter not in each.concerns),
        refusals=tuple(each for each in remarks if isinstance(each, Refusal)),
        unread=tuple(each for each in remarks if isinstance(each, str)),
        files=len(seen.files) + len(seen.adapters),
        names=odd,
    )


def _shown(link: _Link) -> tuple[str, str]:
    return link.path, link.target


def _walk(seen: _Seen, below: PurePath, depth: int) -> None:
    try:
        with os.scandir(os.path.join(seen.root, below)) as listed:  # noqa: PTH118 - a real path, resolved once
            entries = sorted(listed, key=lambda each: each.name)
    except OSError as error:
        seen.unread.append((below / "?", error.strerror or "unreadable"))
        return
    for entry in entries:
        path = below / entry.name
        if len(seen.files) + len(seen.adapters) + len(seen.links) >= _ENTRIES:
            seen.unread.append((path, f"more than {_ENTRIES:,} entries"))
            return
        _take(seen, entry, path, depth)


def _lead(link: str) -> str:
    """Where a link leads, as far as that can be read; what cannot be read leads out."""
    try:
        return os.path.realpath(link)
    except OSError:
        return os.sep


def _take(seen: _Seen, entry: "os.DirEntry[str]", path: PurePath, depth: int) -> None:
    is_adapter = path.suffix.lower() in ADAPTER_SUFFIXES
    if entry.is_symlink():
        target = _lead(entry.path)
        if not _stays(seen.root, target):
            seen.links.append((path, os.readlink(entry.path)))  # noqa: PTH115 - a text to show, no path to use
        if is_adapter and not os.path.isdir(target):  # noqa: PTH112
            seen.adapters.append(path)
    elif entry.is_dir(follow_symlinks=False):
        if depth == _DEPTH:
            seen.unread.append((path, f"deeper than {_DEPTH} folders"))
        elif entry.name not in _SKIPPED:
            _walk(seen, path, depth + 1)
    elif is_adapter:
        seen.adapters.append(path)
    else:
        seen.files.append(path)


def _stays(root: str, target: str) -> bool:
    """Whether a link's target is in the folder, or a blob of the hub cache that the folder is a snapshot of."""
    if target == root or target.startswith(root.rstrip(os.sep) + os.sep):
        return True
    parts = PurePath(root).parts
    for at in [number for number, part in enumerate(parts) if part == "snapshots" and number]:
        blobs = PurePath(*parts[:at], "blobs")
        if PurePath(target).parent == blobs:
            return True
    return False


def _looked_at(folder: Path, path: PurePath, configs: dict[PurePath, str]) -> Iterator[Neighbour | Refusal | str]:
    try:
        status = os.lstat(folder / path)
        if not stat.S_ISREG(status.st_mode):
            yield f"{path}: no regular file"
            return
        with open(folder / path, "rb") as stream:  # noqa: PTH123 - a join of given and listed names
            head = stream.read(_HEAD)
    except OSError as error:
        yield f"{path}: {error.strerror}"
        return
    if kind := is_code(path.name, head):
        yield Neighbour(path=str(path), kind=kind, named_by=_naming(path, configs))
    elif status.st_size > _LOOSE_BYTES:
        yield f"{path}: {status.st_size:,} bytes beside the adapters"
    else:
        yield from _loose(folder, path, head)


def _loose(folder: Path, path: PurePath, head: bytes) -> Iterator[Neighbour | Refusal | str]:
    """What is wrong with a pickle or an archive that is no adapter."""
    if not is_loose(path.name, head):
        return
    try:
        content = receive(folder / path, _LIMITS).content
    except Unavailable as missing:
        yield f"{path}: {missing}"
        return
    if why := sealed(content):
        yield f"{path}: {why}"
    for name, kind in loose_code(content):
        yield Neighbour(path=f"{path}: {name}", kind=kind)
    for each in loose_refusals(content, path.name):
        yield Refusal(code=each.code, message=f"{path}: {each.message}", where=each.where, measured=each.measured)


def _naming(path: PurePath, configs: dict[PurePath, str]) -> str:
    """The JSON file that names the code by file or module name, as `auto_map` and custom pipelines do."""
    sought = re.compile(rf'["/.-]{re.escape(path.stem)}(?:["./]|\.py")')
    return next((str(name) for name, text in configs.items() if sought.search(text)), "")


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ""
        with path.open("rb") as stream:
            return stream.read(_CONFIG_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
