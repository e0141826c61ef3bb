"""Bounds a worker by a control group of its own, where one may be made.

A group is made below this process's own one, or beside it, and only where that place was given to us: it may be written,
its memory controller is handed down already, and root keeps out of what systemd rules. Nothing of the machine's groups is
changed but what is made here. Source: the kernel's `admin-guide/cgroup-v2.rst`; systemd's "Control Group APIs and
Delegation".
"""

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARGIN_BYTES = 256 * 2**20
"""Beyond a worker's own memory: page tables, pipes, files that are being read."""
_REMOVAL_SECONDS = 5.0
_AGAIN_SECONDS = 0.02
_NAME = re.compile(r"lorascan-([0-9]+)-[0-9a-f]{16}")
_DELEGATED = ("user.delegate", "trusted.delegate")
_SYSTEMD = Path("/run/systemd/system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One worker's group. `limits` are those that the kernel took, by file name: bytes, counts."""

    folder: Path
    limits: Mapping[str, int]

    def entrance(self) -> int:
        """A descriptor through which a process enters by writing 0, whatever root and process numbers it sees itself."""
        return os.open(self.folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def holds(self, process: int) -> bool:
        """Whether that process, by its id as seen from here, is in it."""
        with suppress(OSError):
            return str(process) in (self.folder / "cgroup.procs").read_text(encoding="ascii").split()
        return False

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has killed a process of this group for its memory."""
        with suppress(OSError):
            lines = (self.folder / "memory.events").read_text(encoding="ascii").splitlines()
            return any(name == "oom_kill" and count != "0" for name, _, count in (line.partition(" ") for line in lines))
        return False

    def remove(self) -> bool:
        """End what is in it, and take it away. False where the kernel held on to it. May be called again."""
        with suppress(OSError):
            _write(self.folder, "cgroup.kill", 1)
        until = time.monotonic() + _REMOVAL_SECONDS
        while self.folder.exists():
            with suppress(OSError):
                _remove_folder(self.folder)
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(_AGAIN_SECONDS)
        return True


def made(memory_bytes: int, tasks: int) -> Group | None:
    """A group of at most so much memory and so many threads; None where no place for one was given to us."""
    found = place()
    if found is None:
        return None
    wanted = {"memory.max": memory_bytes, "memory.swap.max": 0, "memory.oom.group": 1, "pids.max": tasks}
    try:
        _sweep(found)
        return make(found, wanted)
    except OSError:
        return None


def make(parent: Path, wanted: Mapping[str, int]) -> Group:
    """A new group below `parent` with these limits, those of a controller that is not handed down left out. Raises OSError."""
    folder = parent / f"lorascan-{os.getpid()}-{secrets.token_hex(8)}"
    _make_folder(folder)
    group = Group(folder=folder, limits={})
    try:
        for name, value in wanted.items():
            with suppress(FileNotFoundError):
                _write(folder, name, value)
        taken = {name: _number(folder, name) for name in wanted if (folder / name).exists()}
    except OSError:
        group.remove()
        raise
    return Group(folder=folder, limits=taken)


def place(process: Path = Path("/proc/self")) -> Path | None:
    """The folder below which a group may be made that bounds memory; None where there is none."""
    own = _own(process)
    if own is None:
        return None
    folder, top = own
    candidates = [folder] if folder == top else [folder, folder.parent]
    return next(filter(_is_given, candidates), None)


def missing() -> str:
    """Why no group can be made, in words; "" where one can."""
    if place() is not None:
        return ""
    if _own(Path("/proc/self")) is None:
        return "no control groups of version 2 here"
    return "no group with a memory controller was delegated to this process"


def _own(process: Path) -> tuple[Path, Path] | None:
    """The folder of this process's group and the topmost folder that is seen."""
    try:
        mounts = (process / "mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        groups = (process / "cgroup").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    inside = next((line[3:] for line in groups.splitlines() if line.startswith("0::/")), "/..")
    mounted = next(_mounted(mounts), None)
    if mounted is None or ".." in Path(inside).parts:
        return None
    root, top = mounted
    if not Path(inside).is_relative_to(root):
        return None
    return top / Path(inside).relative_to(root), top


def _mounted(mounts: str) -> Iterator[tuple[Path, Path]]:
    """Where the file system of groups is mounted: which folder of it, and where. Fields as in proc(5)."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if after.startswith("cgroup2 ") and len(fields) > 4:
            yield Path(_plain(fields[3])), Path(_plain(fields[4]))


def _plain(field: str) -> str:
    """A field in which blanks stand as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _is_given(folder: Path) -> bool:
    try:
        handed_down = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
    except OSError:
        return False
    writable = os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
    return "memory" in handed_down and writable and (os.geteuid() != 0 or not _SYSTEMD.exists() or _is_delegated(folder))


def _is_delegated(folder: Path) -> bool:
    """Whether systemd has marked the folder, or one above it, as somebody else's to rule."""
    for each in (folder, *folder.parents):
        for name in _DELEGATED:
            with suppress(OSError):
                if os.getxattr(each, name) == b"1":
                    return True
    return False


def _sweep(parent: Path) -> None:
    """Take away the empty groups of processes that were killed before they could."""
    for each in parent.iterdir():
        found = _NAME.fullmatch(each.name)
        if found and not Path("/proc", found[1]).exists():
            with suppress(OSError):
                _remove_folder(each)


def _make_folder(folder: Path) -> None:
    folder.mkdir()


def _remove_folder(folder: Path) -> None:
    folder.rmdir()  # its files go with it


def _write(folder: Path, name: str, value: int) -> None:
    descriptor = os.open(folder / name, os.O_WRONLY)  # never made: where the kernel offers none there is none
    try:
        os.write(descriptor, str(value).encode("ascii"))
    finally:
        os.close(descriptor)


def _number(folder: Path, name: str) -> int:
    """A limit as the kernel reports it, -1 for none."""
    text = (folder / name).read_text(encoding="ascii").strip()
    return int(text) if text.isdigit() else -1
