"""A container around the lock: only when asked for by name.

The image gives an empty root and nothing else: Python, its packages and the base are bound into it from this machine,
read-only and under their own names, so that the worker computes what the other backends' workers compute. The lock
inside is the same and is proved in the same way; a runtime whose kernel has no Landlock, such as gVisor's, is refused.
Source: docker-run(1), podman-run(1).
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from lorascan.core.errors import Unavailable
from lorascan.sandbox import keeper
from lorascan.sandbox.backend import Apart, Backend, Command, Wanted
from lorascan.sandbox.policy import NOBODY
from lorascan.sandbox.reach import see_that_nobody_can_read

ENGINE, IMAGE, RUNTIME = "LORASCAN_CONTAINER_ENGINE", "LORASCAN_CONTAINER_IMAGE", "LORASCAN_CONTAINER_RUNTIME"
"""Environment variables: podman, docker or an absolute path; an image at hand; a runtime that the engine knows."""
DEFAULT_IMAGE = "lorascan"
_ENGINES = ("podman", "docker")
_PLACES = "/usr/bin:/bin:/usr/local/bin"
"""Where an engine is looked for: never in a PATH that others may have set."""
_ALWAYS = (
    "--rm", "--interactive", "--pull", "never", "--log-driver", "none", "--no-healthcheck", "--stop-signal", "SIGKILL",
    "--network", "none", "--ipc", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
    "--user", f"{NOBODY}:{NOBODY}", "--workdir", "/", "--entrypoint=",
)  # fmt: skip
_GIVEN_BY_THE_ENGINE = ("/proc", "/dev", "/sys")
_NOT_IN_A_MOUNT = frozenset(',"\n')


def arguments(engine: str, name: str, image: str, runtime: str, wanted: Wanted) -> list[str]:
    """The command line up to the program; pure, but for asking which paths are links. Raises Unavailable."""
    said = [engine, "run", "--name", name, *_ALWAYS]
    for option, bound in bounds(wanted).items():
        said += [option, str(bound)]
    if runtime:
        said += ["--runtime", runtime]
    for each, value in wanted.environment.items():
        said += ["--env", f"{each}={value}"]
    return [*said, *_binds(wanted.reach.trees), image]


def bounds(wanted: Wanted) -> Mapping[str, int]:
    """What the engine is asked to bound, by option: bytes of memory, the same with swap (so none), processes and threads."""
    return MappingProxyType({"--memory": wanted.memory_bytes, "--memory-swap": wanted.memory_bytes, "--pids-limit": wanted.tasks})


def engine(environ: Mapping[str, str]) -> str:
    """The engine's client. Raises Unavailable where there is none."""
    asked = environ.get(ENGINE, "")
    if asked.startswith("/"):
        found = asked if os.access(asked, os.X_OK) else None
    else:
        found = next(filter(None, (shutil.which(each, path=_PLACES) for each in _ENGINES if asked in ("", each))), None)
    if found is None:
        what = f"{asked or 'neither podman nor docker'} is {'not ' if asked else ''}installed"
        raise Unavailable(what, f"install podman or docker, or name one with {ENGINE}")
    return found


def _binds(trees: tuple[str, ...]) -> list[str]:
    said: list[str] = []
    covered = {*_GIVEN_BY_THE_ENGINE}
    for path in sorted(trees, key=lambda each: (each.count("/"), each)):
        if path in covered or covered.intersection(map(str, Path(path).parents)):
            continue
        source = os.path.realpath(path)
        if _NOT_IN_A_MOUNT.intersection(source + path):
            what = f"{path!r} cannot be bound into a container"
            raise Unavailable(what, "move it to a path without comma, quote or line end")
        covered.add(path)
        said += ["--mount", f"type=bind,source={source},target={path},readonly"]
    return said


def _command(wanted: Wanted) -> Command:
    environ = os.environ
    if wanted.reach.devices:
        what = "a container is given no GPU"
        raise Unavailable(what, "use --device cpu, or the isolation namespaces or process")
    client = engine(environ)
    see_that_nobody_can_read(wanted.reach.granted)
    name = f"lorascan-{os.getpid()}-{secrets.token_hex(8)}"
    image = environ.get(IMAGE) or DEFAULT_IMAGE
    said = arguments(client, name, image, environ.get(RUNTIME, ""), wanted)
    apart = Apart(
        process=(client, "inspect", "--format", "{{.State.Pid}}", name),
        environment=dict(environ),
        limits=MappingProxyType({f"container {option}": value for option, value in bounds(wanted).items()}),
    )
    return Command(prefix=(*keeper.prefix(os.getpid(), (client, "rm", "--force", name)), *said), own_processes=True, apart=apart)


SANDBOX = Backend(
    place=None,
    command=_command,
    remedy=f"let podman or docker run as this user, with a kernel that has Landlock, and an image at hand: {DEFAULT_IMAGE}, or the one "
    f"that {IMAGE} names; or use the isolation auto",
)
