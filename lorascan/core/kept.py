"""A folder of files that can be made again, kept within bounds."""

import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lorascan.core.atomic import write_atomically
from lorascan.core.regular import read_regular


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """Files of one kind, two hex digits a subfolder, each of mode 0600; `suffix` tells them from other kinds in the folder."""

    folder: Path
    suffix: str

    def path(self, name: str) -> Path:
        """Where the file of a hexadecimal name is, or would be."""
        return self.folder / name[:2] / f"{name}{self.suffix}"

    def read(self, name: str, most_bytes: int) -> bytes:
        """A file's bytes. Raises OSError for one that is not there, is no regular file or is larger than that."""
        return read_regular(self.path(name), most_bytes)

    def write(self, name: str, content: bytes | str) -> None:
        """Write a file at once or not at all, and nowhere else than here. Raises OSError where the folder takes nothing."""
        path = self.path(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.unlink()  # else it would be written through
        write_atomically(path, content, private=True)

    def sizes(self) -> list[int]:
        """Bytes of each file."""
        return [size for _, size, _ in self._entries()]

    def prune(self, *, older_than_days: float | None, most_bytes: int) -> int:
        """Remove what is older, then the oldest until the rest fits. Returns how many were removed."""
        removed, kept = 0, 0
        oldest = time.time() - older_than_days * 86400 if older_than_days is not None else 0.0
        for written, size, path in sorted(self._entries(), reverse=True):
            kept += size
            if written < oldest or kept > most_bytes:
                path.unlink(missing_ok=True)
                removed, kept = removed + 1, kept - size
        return removed

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """When each was last written or marked as used, its size in bytes, its path."""
        for path in self.folder.glob(f"[0-9a-f][0-9a-f]/*{self.suffix}"):
            try:
                found = path.lstat()
            except OSError:
                continue
            if not stat.S_ISDIR(found.st_mode):
                yield found.st_mtime, found.st_size, path
