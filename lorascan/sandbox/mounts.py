"""Lets root's own folders be read without root.

Python and its packages may lie under a folder that only root may enter, such as root's home. A worker that becomes
`nobody` could not import anything from there. In a mount namespace of its own, which no other process sees, an empty
folder covers the closed one, and only what the worker must read is bound into it, read-only.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from lorascan.sandbox import kernel

CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18


def closed_folders(paths: Iterable[str]) -> dict[str, list[str]]:
    """Each topmost folder that others may not enter, and the paths of these below it. Links are followed."""
    found: dict[str, list[str]] = {}
    for path in sorted({str(Path(path).resolve()) for path in paths if Path(path).exists()}):
        for folder in reversed(Path(path).parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                found.setdefault(str(folder), []).append(path)
                break
    return found


def uncover(paths: Iterable[str]) -> None:
    """Make these paths reachable for everyone, in a mount namespace of this process alone. Raises OSError."""
    closed = closed_folders(paths)
    if not closed:
        return
    try:
        kernel.unshare(CLONE_NEWNS)
    except PermissionError as error:
        closed_to_others = ", ".join(closed)
        message = f"{closed_to_others} may only be entered by root: put Python where others may read it, or start as an ordinary user"
        raise PermissionError(error.errno, message) from error
    kernel.mount(None, "/", None, MS_REC | MS_PRIVATE)
    os.umask(0o022)
    for folder, inside in closed.items():
        _cover(folder, _outermost(inside))


def _cover(folder: str, inside: list[str]) -> None:
    kept = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in inside]
    kernel.mount("lorascan", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for path, descriptor in kept:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            Path(path).mkdir(parents=True)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch()
        kernel.mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
        kernel.mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
        os.close(descriptor)
    kernel.mount(None, folder, None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0755,size=1m")


def _outermost(paths: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(paths):
        if not any(Path(path).is_relative_to(each) for each in kept):
            kept.append(path)
    return kept
