"""Stands in for podman and docker: understands what the backend says to them, and runs the rest right here.

    engine.py STATE run … IMAGE PROGRAM … | rm --force NAME | inspect --format … NAME

As an engine's client it starts a process that is not its own to end: a client that is killed leaves it running. STATE holds an
empty file for each image at hand, one with the process id for each container, and, where `lie` is there, a launcher that lies.
"""

import os
import signal
import sys
import time
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[3])
sys.path.insert(0, ROOT)

from lorascan.sandbox import mounts  # noqa: E402

ALONE = {"--rm", "--interactive", "--no-healthcheck", "--read-only", "--entrypoint="}
WITH_VALUE = {"--name", "--pull", "--log-driver", "--network", "--ipc", "--cap-drop", "--security-opt", "--user", "--workdir"}
WITH_VALUE |= {"--memory", "--memory-swap", "--pids-limit", "--stop-signal", "--runtime", "--env", "--mount"}
OF_THE_IMAGE = {"LD_LIBRARY_PATH": "/opt/image", "HOSTNAME": "0123456789ab", "container": "podman", "SECRET": "of the image"}
NOBODY = 65534
LIAR = "import os, sys; sys.path.append({root!r}); os.dup2(1, 4); from tests.sandbox.programs.liar import main; main('perfect', {orders!r})"


def run(state: Path, said: list[str]) -> int:
    """Start the program as `podman run` does; its exit code."""
    options: dict[str, list[str]] = {}
    while said[0].startswith("-"):
        option = said.pop(0)
        if option in WITH_VALUE:
            options.setdefault(option, []).append(said.pop(0))
        elif option in ALONE:
            options[option] = [""]
        else:
            sys.exit(f"unknown flag: {option}")
    image, *program = said
    if not (state / image).exists():
        sys.stderr.write(f"Error: {image}: image not known\n::error::and more\n")
        return 125
    if (state / "lie").exists():
        program = [program[0], "-I", "-c", LIAR.format(root=ROOT, orders=program[-1]), program[-1]]
    process = os.fork()
    if process == 0:
        become(options)
        os.execve(program[0], program, OF_THE_IMAGE | dict(each.split("=", 1) for each in options["--env"]))
    own = state / options["--name"][0]
    own.write_text(str(process))
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    own.unlink(missing_ok=True)
    return ended if ended >= 0 else 128 - ended


def become(options: dict[str, list[str]]) -> None:
    """The user asked for, in a session of its own; what is bound is seen by everybody, as it is in a container."""
    os.setsid()
    os.chdir(options["--workdir"][0])
    user, group = map(int, options["--user"][0].split(":"))
    if os.geteuid() == 0:
        mounts.uncover([dict(part.partition("=")[::2] for part in each.split(","))["target"] for each in options["--mount"]])
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)


def remove(state: Path, name: str) -> int:
    """End a container as `podman rm --force` does."""
    own = state / name
    if not own.exists():
        return 1
    process = int(own.read_text())
    os.kill(process, signal.SIGKILL)
    while Path(f"/proc/{process}/stat").exists() and Path(f"/proc/{process}/stat").read_text().split()[2] != "Z":
        time.sleep(0.01)
    own.unlink(missing_ok=True)
    return 0


def main() -> int:
    """Do as told; anything else is an error, as it is to an engine."""
    state, (verb, *said) = Path(sys.argv[1]), sys.argv[2:]
    if verb == "run":
        return run(state, said)
    if verb == "rm" and said[0] == "--force":
        return remove(state, said[1])
    if verb == "inspect" and said[:2] == ["--format", "{{.State.Pid}}"]:
        sys.stdout.write((state / said[2]).read_text() + "\n")
        return 0
    return 125


if __name__ == "__main__":
    sys.exit(main())
