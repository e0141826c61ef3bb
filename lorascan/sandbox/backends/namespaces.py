"""Bubblewrap around the lock: an own root, own processes, no network.

Each namespace is named, because `--unshare-all` as root silently goes without a user namespace. As root there is
none, and only the two capabilities remain that the launcher needs to become `nobody`; as an ordinary user bubblewrap
maps it to `nobody`. Source: bwrap(1).
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from lorascan.core.errors import Unavailable
from lorascan.sandbox.backend import Backend, Command, Wanted
from lorascan.sandbox.policy import NOBODY
from lorascan.sandbox.reach import Reach

_PLACES = "/usr/bin:/bin:/usr/local/bin"
"""Where bubblewrap is looked for: never in a PATH that others may have set."""
_AS_ROOT = ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
_AS_USER = ("--unshare-user", "--disable-userns", "--uid", str(NOBODY), "--gid", str(NOBODY))
_ALWAYS = (
    "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
    "--die-with-parent", "--new-session", "--clearenv",
)  # fmt: skip
_MADE_BY_BUBBLEWRAP = ("/proc", "/dev")


def arguments(bubblewrap: str, reach: Reach, environment: Mapping[str, str], *, root: bool) -> list[str]:
    """The command line up to the program; pure, but for asking which paths are links."""
    said = [bubblewrap, *(_AS_ROOT if root else _AS_USER), *_ALWAYS]
    for name, value in environment.items():
        said += ["--setenv", name, value]
    said += ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--dir", "/tmp"]  # noqa: S108 - an empty folder inside
    for node in reach.devices:
        said += ["--dev-bind", node, node]
    said += _binds(reach.trees)
    return [*said, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def _binds(trees: Iterable[str]) -> list[str]:
    said: list[str] = []
    covered = {*_MADE_BY_BUBBLEWRAP}
    made = {"/", "/tmp"}  # noqa: S108
    for path in sorted(trees, key=lambda each: (each.count("/"), each)):
        folders = [str(folder) for folder in reversed(Path(path).parents)]
        if path in covered or covered.intersection(folders):
            continue
        covered.add(path)
        for folder in folders:
            if folder not in made:
                made.add(folder)
                said += ["--perms", "0755", "--dir", folder]
        if Path(path).is_symlink() and len(folders) == 1:
            said += ["--symlink", str(Path(path).readlink()), path]  # /lib → usr/lib, as on the host
        else:
            said += ["--ro-bind", os.path.realpath(path), path]
    return said


def _command(wanted: Wanted) -> Command:
    bubblewrap = shutil.which("bwrap", path=_PLACES)
    if bubblewrap is None:
        what = "bubblewrap is not installed"
        raise Unavailable(what, "install the package bubblewrap")
    said = arguments(bubblewrap, wanted.reach, wanted.environment, root=os.geteuid() == 0)
    return Command(prefix=(*said, "--"), own_processes=True)


SANDBOX = Backend(place=1, command=_command)
