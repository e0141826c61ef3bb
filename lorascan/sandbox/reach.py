"""Which files a worker must read to be a Python that runs a program."""

import importlib.util
import os
import shlex
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lorascan.core.errors import Unavailable

_SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
_FOR_A_GPU = ("/sys", "/proc/driver/nvidia")
_SITE = ("site-packages", "dist-packages")
_OWN_PACKAGE = Path(__file__).resolve().parents[1]
_TOO_WIDE = ("/", "/proc", "/dev", "/sys", "/etc", "/usr", "/var", "/tmp", "/home", "/root", "/run", "/mnt", "/opt")  # noqa: S108


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a worker may read, as absolute paths.

    `interpreter` is the binary, `import_path` its sys.path, `packages` the place of each top-level package outside
    that, `trees` every file and folder that the worker may read (both as written and with links followed), `required`
    those of them whose absence would stop it, `granted` those that are no part of Python, `devices` the nodes of a GPU
    that it may write to as well.
    """

    interpreter: str
    import_path: tuple[str, ...]
    packages: dict[str, str]
    trees: tuple[str, ...]
    required: tuple[str, ...]
    granted: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


def reach(program: str, read_paths: Iterable[Path], devices: tuple[str, ...] = ()) -> Reach:
    """What `program`, an importable module's name, needs besides `read_paths`. Raises Unavailable where one is missing."""
    own = [_permitted(path) for path in read_paths]
    if os.geteuid() == 0:
        see_that_nobody_can_read(own)
    import_path = _import_path(own)
    top = program.partition(".")[0]
    packages = {"lorascan": str(_OWN_PACKAGE), top: _place(top)}
    interpreter = _interpreter()
    required = [interpreter, *import_path, *packages.values(), *own]
    prefixes = (sys.base_prefix, sys.base_exec_prefix)
    libraries = [str(Path(prefix, name)) for prefix in prefixes for name in ("lib", "lib64")]
    trees = [*_SYSTEM, *libraries, *required, *(_FOR_A_GPU if devices else ())]
    return Reach(
        interpreter=interpreter,
        import_path=import_path,
        packages=packages,
        trees=_with_links_followed(trees),
        required=tuple(dict.fromkeys(required)),
        granted=tuple(own),
        devices=devices,
    )


def _interpreter() -> str:
    running = Path("/proc/self/exe").resolve()
    return str(running if running.exists() else Path(sys.executable).resolve())


def _import_path(read_paths: Iterable[str]) -> tuple[str, ...]:
    """The entries of this process's own sys.path that belong to Python or were granted: never its working folder."""
    granted = [Path(path) for path in read_paths]
    libraries = Path(sys.base_prefix) / sys.platlibdir, Path(sys.base_exec_prefix) / sys.platlibdir
    kept = []
    for entry in map(_absolute, filter(None, sys.path)):
        path = Path(entry)
        of_python = path.name in _SITE or any(path.is_relative_to(each) for each in (*libraries, *granted))
        if of_python and path.exists():
            kept.append(entry)
    return tuple(dict.fromkeys(kept))


def _place(top: str) -> str:
    spec = importlib.util.find_spec(top)
    if spec is None:
        what = f"no module named {top}"
        raise Unavailable(what, "install it, or correct the name of the worker's program")
    if spec.submodule_search_locations:
        return _absolute(next(iter(spec.submodule_search_locations)))
    return _absolute(str(spec.origin))


def _permitted(path: Path) -> str:
    if not path.exists():
        what = f"{path} does not exist"
        raise Unavailable(what, "the sandboxed worker was to read it: restore it or name another")
    followed = path.resolve()
    if str(followed) in _TOO_WIDE or Path("~").expanduser().is_relative_to(followed):
        what = f"{path} is too wide to be opened to a sandboxed worker"
        raise Unavailable(what, "move the model into a folder of its own")
    return _absolute(str(path))


def see_that_nobody_can_read(paths: Iterable[str]) -> None:
    """Raises Unavailable where nobody, who the worker of root or of a container is, would fail in the middle of the work."""
    for top in map(Path, paths):
        for path in (top, *islice(top.rglob("*"), _LOOKED_AT)):
            mode = path.stat().st_mode if path.exists() else 0o777
            wanted = 0o005 if stat.S_ISDIR(mode) else 0o004
            if mode & wanted != wanted:
                what = f"{path} is closed to the user nobody, who reads it in the sandbox"
                raise Unavailable(what, f"chmod -R a+rX {shlex.quote(str(top))}, or start as an ordinary user")


_LOOKED_AT = 10_000
"""Files and folders of one model."""


def _with_links_followed(paths: Iterable[str]) -> tuple[str, ...]:
    existing = [path for path in paths if Path(path).exists()]
    both = [each for path in existing for each in (_absolute(path), str(Path(path).resolve()))]
    return tuple(dict.fromkeys(both))


def _absolute(path: str) -> str:
    """Without dots, links kept: a package must be found under the name it was asked for."""
    return os.path.abspath(path)  # noqa: PTH100 - Path has nothing that removes dots and keeps links
