"""Runs an engine's client, and removes its container at the end, whoever ends first.

A container is no child of whoever asked for it: it would outlive a client that is killed, and a parent that is. This
process stands between: killed by nobody but its parent's death signal, which it takes as the order to clean up.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from lorascan.sandbox import kernel

_REMOVAL_SECONDS = 60
_SIGNAL_SHIFT = 128


def main(parent: int, removal: Sequence[str], command: Sequence[str]) -> None:
    """Run `command`, wait for its end or for ours, then run `removal`. Exits with the command's code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGCHLD))
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)
    client = os.posix_spawn(command[0], list(command), os.environ, setsigmask=())
    ended = status = 0
    while not ended:
        if signal.sigwait((signal.SIGTERM, signal.SIGCHLD)) == signal.SIGTERM:
            os.kill(client, signal.SIGKILL)
        ended, status = os.waitpid(client, os.WNOHANG)
    code = os.waitstatus_to_exitcode(status)
    _remove(removal)
    sys.exit(code if code >= 0 else _SIGNAL_SHIFT - code)


def prefix(parent: int, removal: Sequence[str]) -> tuple[str, ...]:
    """The command line of a keeper, up to the command that it keeps."""
    return (sys.executable, "-I", "-S", "-B", "-c", _BOOT, _PACKAGE_PARENT, str(parent), json.dumps(list(removal)))


_BOOT = (
    "import json, sys; sys.path.append(sys.argv[1]); from lorascan.sandbox.keeper import main; "
    "main(int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4:])"
)
_PACKAGE_PARENT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))  # noqa: PTH100, PTH118, PTH120 - no import for it


def _remove(removal: Sequence[str]) -> None:
    """Without a word: most often the engine has removed the container itself by then."""
    try:
        subprocess.run(  # noqa: S603 - the engine that the user named
            removal, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_REMOVAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"the container was not removed: {error}", file=sys.stderr)  # noqa: T201 - the parent reads it
