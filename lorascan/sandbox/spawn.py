"""Starts a worker's process, tells how it ended, ends it."""

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cache

from lorascan.core.threads import AtOnce, threads
from lorascan.sandbox import outside
from lorascan.sandbox.backend import Apart
from lorascan.sandbox.control_group import Group

NOTHING = subprocess.DEVNULL
_GENTLE_SECONDS = 2.0
"""How long bubblewrap may take to collect the process it started, once that is killed."""
_CLEANING_SECONDS = 30.0
"""How long an engine may take to end and remove a container."""
_FINDING_SECONDS = 10.0
_UNKILLABLE_SECONDS = 5.0
_SIGNAL_SHIFT = 128  # how a shell, and bubblewrap, report a child that a signal ended
_MEANING = {
    "SIGSYS": "it made a forbidden system call",
    "SIGXCPU": "it used up its processor time",
    "SIGKILL": "it was killed, by the memory limit of the machine or the processor time limit",
    "SIGSEGV": "it crashed with a segmentation fault",
    "SIGABRT": "it aborted",
}


class Child:
    """One process that was started for a worker, and whatever it started itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", *, apart: Apart | None = None, group: Group | None = None) -> None:
        """Take charge of a process that leads a session of its own, and of the control group made for it."""
        self._process = process
        self._apart = apart
        self._group = group
        self._found = 0

    @property
    def worker(self) -> int:
        """Process id, as seen from here, of the worker itself; 0 where it is not seen."""
        return outside.innermost(self._process.pid) if self._apart is None else self._found

    def find(self, mark: str) -> None:
        """Ask the engine, if there is one, for the worker's process id; believed only if its command line holds `mark`."""
        if self._apart is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            asked = subprocess.run(  # noqa: S603 - the engine that the user named
                self._apart.process, env=self._apart.environment, capture_output=True, timeout=_FINDING_SECONDS, check=False
            )
            number = asked.stdout.strip()
            if number.isdigit() and mark in outside.command_line(int(number)):
                self._found = int(number)

    def limits(self) -> Mapping[str, int]:
        """The bounds beyond the kernel's limits of a process, by name: those of the group it really is in, or of its engine."""
        if self._apart is not None:
            return self._apart.limits
        return self._group.limits if self._group is not None and self._group.holds(self.worker) else {}

    def ended(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def obituary(self) -> str:
        """How it ended, in words."""
        if not self.ended(_UNKILLABLE_SECONDS):
            return "it closed its pipes and went on running"
        if self._group is not None and self._group.ran_out_of_memory():
            return "it used more memory than its control group allows"
        code = self._process.returncode
        number = -code if code < 0 else code - _SIGNAL_SHIFT
        if number <= 0:
            return f"it ended by itself with code {code}"
        with contextlib.suppress(ValueError):
            ending = signal.Signals(number)
            return f"{_MEANING.get(ending.name, 'it was ended by a signal')} ({ending.name})"
        return f"it ended with code {code}"

    def kill(self) -> bool:
        """End it and all below it, and collect it. False where the kernel could not end it in time."""
        ended = self._killed()
        if self._group is not None:
            ended = self._group.remove() and ended
        return ended

    def _killed(self) -> bool:
        if self._apart is not None and self._process.poll() is None:
            self._process.terminate()  # its keeper removes the container
            self.ended(_CLEANING_SECONDS)
        if self._process.poll() is None:
            for below in outside.children(self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(below, signal.SIGKILL)  # bubblewrap's process 1: all of its namespace ends with it
                self.ended(_GENTLE_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return self.ended(_UNKILLABLE_SECONDS)


def spawn(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    inherited: Iterable[int],
    streams: tuple[int, int, int],
    *,
    apart: Apart | None = None,
    group: Group | None = None,
) -> Child:
    """Start a program with these descriptors for stdin (or NOTHING), stdout and stderr, and those of `inherited` besides.

    `group` is removed with its end.

    It is started by a thread that lives as long as this process: a worker is killed when the *thread* that started it
    ends. Raises OSError where neither such a thread nor the program can be started.
    """
    started = _starter(os.getpid()).submit(
        subprocess.Popen[bytes],
        arguments,
        env=environment,
        pass_fds=tuple(inherited),
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        cwd="/",
        start_new_session=True,
    )
    return Child(started.result(), apart=apart, group=group)


@cache
def _starter(process: int) -> Executor:
    """One thread for each process: a fork does not take it along."""
    del process
    starter = threads(1)
    if isinstance(starter, AtOnce):
        raise OSError(errno.EAGAIN, "no thread can be started")
    return starter
