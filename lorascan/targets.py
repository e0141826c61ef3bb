"""Which files a command line means."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

ADAPTER_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
"""What a folder is searched for; a file named outright is taken whatever its name."""


def targets(arguments: Sequence[str]) -> list[Path]:
    """The files that paths, folders and globs mean, in order, each once; a path that means nothing adds nothing."""
    found = (path for argument in arguments for path in _of(argument))
    return list(dict.fromkeys(found))


def missing(arguments: Sequence[str]) -> list[str]:
    """The arguments that mean no file."""
    return [argument for argument in arguments if not any(True for _ in _of(argument))]


def means_many(arguments: Sequence[str]) -> bool:
    """Whether the answer is a list: several arguments, a folder or a glob."""
    return len(arguments) > 1 or any(Path(argument).is_dir() or not _exists(Path(argument)) for argument in arguments)


def _of(argument: str) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in ADAPTER_SUFFIXES and not each.is_dir())
    elif _exists(path):
        yield path
    elif glob.has_magic(argument):
        yield from (
            Path(each)
            for each in sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - absolute patterns too
            if not Path(each).is_dir()
        )


def _exists(path: Path) -> bool:
    """Whether something is there, a dangling link included: what cannot be read is an error, not nothing."""
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):
        return False
