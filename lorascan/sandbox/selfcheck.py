"""Proves the lock from inside.

Every probe asks for something and looks at the errno: a refusal by the lock is told apart from a request that got
through and failed for another reason (EFAULT, ENOENT). No probe could do harm if it got through: pointers are null,
signal numbers 0, and a file that could be made is removed.
"""

import errno
import importlib
import mmap
import os
import secrets
import socket
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from lorascan.sandbox import kernel
from lorascan.sandbox.orders import Orders
from lorascan.sandbox.policy import ENVIRONMENT
from lorascan.sandbox.syscalls import NUMBERS

Check = Callable[[Orders], bool]

_NO_WRITING = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)
_UNREADABLE = (errno.EACCES, errno.EPERM, errno.ENOENT)
_FAMILIES = ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK")
_FORBIDDEN = (
    "execve", "execveat", "memfd_create", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_send_signal",
    "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "mount", "umount2", "unshare", "setns", "pivot_root", "chroot",
    "fsopen", "open_tree", "shmget", "semget", "setuid", "setresuid", "setgroups", "init_module", "personality", "symlinkat",
    "linkat", "mknodat", "fchmodat", "splice",
)  # fmt: skip
_BAD_POINTER = 1
_RLIMIT_CORE = 4
_MAP_GROWSDOWN = 0x100
_NOT_ON_A_GPU = frozenset({"no shared memory"})
_ABSENT = ("clone3", "openat2", "io_uring_setup")
_DESCRIPTORS_TRIED = 1024
_WRITABLE_ELSEWHERE = ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev", ".")  # noqa: S108 - places that must be refused


def first_stage(orders: Orders) -> dict[str, bool]:
    """Every check of the first lock, by name."""
    return {name: check(orders) for name, check in first(orders).items()}


def first(orders: Orders) -> Mapping[str, Check]:
    """The checks of the first lock: all of them, but for those that a GPU's wider lock cannot pass."""
    return {name: check for name, check in FIRST.items() if not orders.gpu or name not in _NOT_ON_A_GPU}


def second_stage(orders: Orders) -> dict[str, bool]:
    """Every check that only the second filter makes true, by name."""
    return {name: check(orders) for name, check in SECOND.items()}


def limits_in_force(names: Iterable[str]) -> dict[str, int]:
    """Soft limits as the kernel reports them, -1 for none."""
    resource = importlib.import_module("resource")  # absent outside POSIX, where the parent imports this module too
    return {name: resource.getrlimit(getattr(resource, name))[0] for name in names}


def refused(action: Callable[[], object], numbers: Collection[int] = (errno.EPERM,)) -> bool:
    """Whether the action fails with one of these errnos."""
    try:
        action()
    except OSError as error:
        return error.errno in numbers
    return False


def _only_thread_filtered(_: Orders) -> bool:
    return _filtered() and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - the names


def _threads_filtered(_: Orders) -> bool:
    """The filter was taken by all threads or by none (TSYNC); other threads' files are closed, so the parent looks at them."""
    return _filtered()


def _filtered() -> bool:
    status = _status("/proc/self/status")
    return status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"


def _own_proc_closed(_: Orders) -> bool:
    (task, *_others) = os.listdir("/proc/self/task")  # noqa: PTH208 - the names
    places = (f"/proc/self/task/{task}/{name}" for name in ("net/dev", "mountinfo", "environ", "mem"))
    return all(refused(lambda path=path: os.close(os.open(path, os.O_RDONLY)), (errno.EACCES,)) for path in places)  # type: ignore[misc]


def _without_capabilities(_: Orders) -> bool:
    status = _status("/proc/self/status")
    return all(int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))


def _not_root(_: Orders) -> bool:
    return 0 not in os.getresuid()


def _no_sockets(_: Orders) -> bool:
    singles = all(refused(lambda family=family: socket.socket(getattr(socket, family)).close()) for family in _FAMILIES)  # type: ignore[misc]
    return singles and refused(socket.socketpair)


def _no_fork(_: Orders) -> bool:
    try:
        child = os.fork()
    except OSError as error:
        return error.errno == errno.EPERM
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return False


def _no_signals(_: Orders) -> bool:
    return refused(lambda: os.kill(os.getpid(), 0)) and refused(lambda: os.kill(os.getppid(), 0))


def _calls_refused(orders: Orders) -> bool:
    numbers = NUMBERS[orders.architecture]
    nulls = (0, 0, 0, 0, 0)
    wanted = [name for name in _FORBIDDEN if not orders.gpu or name != "memfd_create"]
    forbidden = all(refused(lambda name=name: kernel.system_call(numbers[name], *nulls)) for name in wanted)  # type: ignore[misc]
    absent = all(
        refused(lambda name=name: kernel.system_call(numbers[name], *nulls), (errno.ENOSYS,))  # type: ignore[misc]
        for name in _ABSENT
    )
    return forbidden and absent


def _no_shared_memory(_: Orders) -> bool:
    def shared(flags: int) -> None:
        mmap.mmap(-1, mmap.PAGESIZE, flags=flags).close()

    growing = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_GROWSDOWN
    return all(refused(lambda flags=flags: shared(flags)) for flags in (mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, growing))  # type: ignore[misc]


def _canary_unreadable(orders: Orders) -> bool:
    return refused(lambda: os.close(os.open(orders.canary, os.O_RDONLY)), _UNREADABLE)


def _files_locked(_: Orders) -> bool:
    return refused(lambda: os.scandir("/").close(), (errno.EACCES,)) and refused(
        lambda: os.close(os.open("/proc/self/environ", os.O_RDONLY)), (errno.EACCES,)
    )


def _nothing_writable(_: Orders) -> bool:
    name = f"lorascan-{secrets.token_hex(8)}"
    return all(_cannot_create(f"{folder}/{name}") for folder in _WRITABLE_ELSEWHERE)


def _cannot_create(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        return error.errno in _NO_WRITING
    os.close(descriptor)
    Path(path).unlink()
    return False


def _agreed_descriptors(orders: Orders) -> bool:
    return {number for number in range(_DESCRIPTORS_TRIED) if _is_open(number)} == orders.descriptors


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _limited(orders: Orders) -> bool:
    in_force = limits_in_force(orders.limits)
    setting = NUMBERS[orders.architecture]["prlimit64"], 0, _RLIMIT_CORE, _BAD_POINTER, 0
    return all(0 <= in_force[name] <= wanted for name, wanted in orders.limits.items()) and refused(lambda: kernel.system_call(*setting))


def _clean_environment(_: Orders) -> bool:
    return set(os.environ) <= {*ENVIRONMENT, "OMP_NUM_THREADS", "PWD", "LC_CTYPE"}


def _dies_with_parent(_: Orders) -> bool:
    return refused(lambda: kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)) and refused(lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 1))


def _no_opening_to_write(_: Orders) -> bool:
    return refused(lambda: os.close(os.open("/dev/null", os.O_WRONLY)))


def _no_changing_names(_: Orders) -> bool:
    name = f"lorascan-{secrets.token_hex(8)}"
    return all(refused(lambda change=change: change(name)) for change in (os.mkdir, os.unlink, os.rmdir))  # type: ignore[misc]


def _no_further_filter(orders: Orders) -> bool:
    return refused(lambda: kernel.system_call(NUMBERS[orders.architecture]["seccomp"], 1, 1, 0))


def _status(path: str) -> Mapping[str, str]:
    with Path(path).open(encoding="ascii", errors="replace") as lines:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


FIRST: Mapping[str, Check] = {
    "every thread filtered": _only_thread_filtered,
    "no capabilities": _without_capabilities,
    "not root": _not_root,
    "no sockets": _no_sockets,
    "no fork": _no_fork,
    "no signals": _no_signals,
    "calls refused": _calls_refused,
    "no shared memory": _no_shared_memory,
    "canary unreadable": _canary_unreadable,
    "files locked": _files_locked,
    "own process closed": _own_proc_closed,
    "nothing writable": _nothing_writable,
    "agreed descriptors only": _agreed_descriptors,
    "limits in force": _limited,
    "clean environment": _clean_environment,
    "dies with parent": _dies_with_parent,
}
"""What must hold before anything is imported, by name."""

SECOND: Mapping[str, Check] = {
    "every thread filtered after the load": _threads_filtered,
    "no opening for writing": _no_opening_to_write,
    "no changing of names": _no_changing_names,
    "no further filter": _no_further_filter,
}
"""What must hold in addition before the first byte of an adapter is seen."""
