"""The lock alone: Landlock, system call filters, limits, no privilege."""

from lorascan.core.errors import Unavailable
from lorascan.sandbox import landlock
from lorascan.sandbox.backend import Backend, Command, Wanted


def _command(_: Wanted) -> Command:
    if landlock.abi() == 0:
        what = "the kernel has no Landlock"
        raise Unavailable(what, "use Linux 5.13 or newer with Landlock enabled, in a container whose profile allows it")
    return Command(uncover=True)


SANDBOX = Backend(place=2, command=_command)
