"""Audits an adapter as if on another operating system: run as a program with its sys.platform and the adapter's path.

What that system's Python lacks is taken away after the standard library and the libraries that lorascan uses were
imported, and before lorascan is.
"""

import asyncio  # noqa: F401
import ctypes
import importlib
import multiprocessing  # noqa: F401
import os
import select
import signal
import socket
import subprocess  # noqa: F401
import sys
import sysconfig
import tempfile  # noqa: F401
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

LIBRARIES = ("typer", "typer.main", "click", "pydantic", "numpy", "jinja2", "platformdirs", "safetensors.numpy", "rich.console", "tomllib")
LACKING = {
    "darwin": {
        os: ("memfd_create", "pipe2", "sched_getaffinity", "O_PATH", "MFD_CLOEXEC"),
        socket: ("AF_NETLINK", "AF_PACKET", "AF_VSOCK"),
    },
    "win32": {
        os: (
            "memfd_create",
            "pipe2",
            "sched_getaffinity",
            "O_PATH",
            "uname",
            "getuid",
            "geteuid",
            "fork",
            "sysconf",
            "killpg",
            "setresuid",
        ),
        socket: ("AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"),
        signal: ("SIGSYS", "SIGKILL", "SIGXCPU", "SIGALRM", "setitimer"),
        select: ("poll", "POLLHUP", "POLLIN"),
    },
}
MODULES = {"darwin": (), "win32": ("fcntl", "resource", "termios", "pwd", "grp", "tty", "pty")}


def become(system: str) -> None:
    """Look like that system to whatever is imported from here on."""
    sysconfig.get_config_vars()  # read once, from a file named after the system
    for name in LIBRARIES:
        importlib.import_module(name)
    for module, names in LACKING[system].items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for name in MODULES[system]:
        sys.modules[name] = None  # type: ignore[assignment] # importing it raises ImportError
    ctypes.CDLL = None  # type: ignore[misc,assignment] # no Linux library is opened
    sys.platform = system


if __name__ == "__main__":
    become(sys.argv[1])
    from lorascan.cli import main

    sys.argv[:] = ["lorascan", "audit", sys.argv[2], "-f", "json", "-q"]
    main()
