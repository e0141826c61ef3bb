"""Which files a command line means."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascan.core.errors import UsageError
from lorascan.core.surroundings import Surroundings
from lorascan.sources import HubFile, address_of, is_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One adapter file, and what stands beside it where it was found by searching a folder.

    `shown` is what reports tell where it is not the file's own path, as for one from stdin. `source`: where the file
    has to be fetched from before it lies at `path`.
    """

    path: Path
    surroundings: Surroundings | None = None
    shown: str | None = None
    source: HubFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a command line means. `many` says that the answer is a list: several arguments, a folder or a glob."""

    targets: tuple[Target, ...]
    missing: tuple[str, ...]
    many: bool


def select(arguments: Sequence[str], *, online: bool = False) -> Selection:
    """The files that paths, folders and globs mean, in order, each once, and the arguments that mean none.

    An address of a hub is a file that is not there yet; nothing is asked here. Raises UsageError for one that is not well
    written, and for any unless `online`.
    """
    found: dict[Path, Target] = {}
    missing = []
    for argument in arguments:
        meant = [_elsewhere(argument, online=online)] if is_address(argument) else list(_of(argument))
        if not meant:
            missing.append(argument)
        for each in meant:
            known = found.get(each.path)
            if known is None or known.surroundings is None:
                found[each.path] = each
    many = len(arguments) > 1 or not all(map(_is_one, arguments))
    return Selection(targets=tuple(found.values()), missing=tuple(missing), many=many)


def _elsewhere(argument: str, *, online: bool) -> Target:
    wanted = address_of(argument)
    if not online:
        message = f"{argument} is fetched from the network, which takes --online"
        raise UsageError(message)
    return Target(path=Path(argument), shown=argument, source=wanted)


def _is_one(argument: str) -> bool:
    """Whether an argument names just one file."""
    return is_address(argument) or (_exists(Path(argument)) and not _is_folder(Path(argument)))


def _of(argument: str) -> Iterator[Target]:
    if not argument:  # an unset variable of a script: Path("") would be the working directory
        return
    path = Path(argument)
    if _is_folder(path):
        from lorascan.intake.folders import survey  # noqa: PLC0415 - with it come the archives, which a single file needs not

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
