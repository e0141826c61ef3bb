"""Which files a command line means."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascan.core.surroundings import Surroundings
from lorascan.intake.folders import survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One adapter file, and what stands beside it where it was found by searching a folder.

    `shown` is the path that reports tell where it is not the file's own, as for one from stdin.
    """

    path: Path
    surroundings: Surroundings | None = None
    shown: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a command line means. `many` says that the answer is a list: several arguments, a folder or a glob."""

    targets: tuple[Target, ...]
    missing: tuple[str, ...]
    many: bool


def select(arguments: Sequence[str]) -> Selection:
    """The files that paths, folders and globs mean, in order, each once, and the arguments that mean none."""
    found: dict[Path, Target] = {}
    missing = []
    for argument in arguments:
        meant = list(_of(argument))
        if not meant:
            missing.append(argument)
        for each in meant:
            known = found.get(each.path)
            if known is None or known.surroundings is None:
                found[each.path] = each
    many = len(arguments) > 1 or any(_is_folder(Path(argument)) or not _exists(Path(argument)) for argument in arguments)
    return Selection(targets=tuple(found.values()), missing=tuple(missing), many=many)


def _of(argument: str) -> Iterator[Target]:
    if not argument:  # an unset variable of a script: Path("") would be the working directory
        return
    path = Path(argument)
    if _is_folder(path):
        yield from (Target(path=each, surroundings=beside) for each, beside in survey(path))
    elif _exists(path):
        yield Target(path=path)
    elif glob.has_magic(argument):
        yield from (
            Target(path=Path(each))
            for each in sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - absolute patterns too
            if not Path(each).is_dir()
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _exists(path: Path) -> bool:
    """Whether something is there, a dangling link included: what cannot be read is an error, not nothing."""
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):
        return False
