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

_GENTLE_SECONDS = 2.0
"""How long bubblewrap may take to collect the process it started, once that is killed."""
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

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Take charge of a process that leads a session of its own."""
        self._process = process

    @property
    def worker(self) -> int:
        """Process id, as seen from here, of the worker itself."""
        return outside.innermost(self._process.pid)

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
        if self._process.poll() is None:
            for below in outside.children(self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(below, signal.SIGKILL)  # bubblewrap's process 1: all of its namespace ends with it
                self.ended(_GENTLE_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return self.ended(_UNKILLABLE_SECONDS)


def spawn(arguments: Sequence[str], environment: Mapping[str, str], inherited: Iterable[int], chatter: int) -> Child:
    """Start a program with no input, stdout and stderr to the descriptor `chatter`, and these descriptors inherited.

    It is started by a thread that lives as long as this process: a worker is killed when the *thread* that started it
    ends. Raises OSError where neither such a thread nor the program can be started.
    """
    started = _starter(os.getpid()).submit(
        subprocess.Popen[bytes],
        arguments,
        env=environment,
        pass_fds=tuple(inherited),
        stdin=subprocess.DEVNULL,
        stdout=chatter,
        stderr=chatter,
        cwd="/",
        start_new_session=True,
    )
    return Child(started.result())


@cache
def _starter(process: int) -> Executor:
    """One thread for each process: a fork does not take it along."""
    del process
    starter = threads(1)
    if isinstance(starter, AtOnce):
        raise OSError(errno.EAGAIN, "no thread can be started")
    return starter
