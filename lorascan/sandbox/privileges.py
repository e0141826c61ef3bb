"""Gives up every privilege that a launcher was started with."""

import errno
import os
import resource
import signal
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lorascan.sandbox import kernel
from lorascan.sandbox.policy import NOBODY
from lorascan.sandbox.syscalls import NUMBERS

_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


def die_with_parent(parent: int) -> None:
    """Be killed when the parent ends; end at once where it already has. `parent` 0 means: not to be compared."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(1)


def enter(group: int) -> None:
    """Join a control group through its entrance, a descriptor; -1 for none. The parent sees whether it worked."""
    if group < 0:
        return
    with suppress(OSError):
        os.write(group, b"0")
    os.close(group)


def volunteer_for_memory_killer() -> None:
    """Be the first to go when the machine runs out of memory; needs no privilege. Not essential, so refusal is ignored."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    except OSError:
        return


def become_nobody() -> None:
    """If root: become `nobody` for good, in no further group. The kernel clears the death signal with it."""
    if os.getuid() != 0 and os.geteuid() != 0:
        return
    _narrow_bounding_set()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def limit(limits: Mapping[str, int]) -> None:
    """Set each limit, soft and hard, never above the hard limit in force. RLIMIT_CPU warns one second before it kills."""
    for name, wanted in limits.items():
        which: int = getattr(resource, name)
        _, hard = resource.getrlimit(which)
        ceiling = wanted + 1 if name == "RLIMIT_CPU" else wanted
        if hard != resource.RLIM_INFINITY:
            ceiling = min(ceiling, hard)
        resource.setrlimit(which, (min(wanted, ceiling), ceiling))


def give_up_the_rest(architecture: str) -> None:
    """No new privileges through any file, no capability in any set but the bounding one, no look inside from outside."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    kernel.system_call(NUMBERS[architecture]["capset"], header, bytes(24))
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def _narrow_bounding_set() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EPERM):  # past the kernel's last one, or not ours to drop
                raise
            return
