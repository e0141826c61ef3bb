"""The two system call filters of a worker.

Stage 1 holds while trusted code is imported and the base is loaded; stage 2, which never opens for writing, changes no
name and takes no further filter, holds before the first byte of an adapter is seen. Both refuse by default. Arguments
that the kernel reads as 32 bits are compared by their low 32 bits, so that high bits cannot smuggle a value past.
Sources: seccomp(2), `include/uapi/linux/{seccomp,audit,sched,prctl,fcntl}.h`.
"""

import ctypes
import errno
import hashlib
import struct
from collections.abc import Sequence
from typing import Literal

from lorascan.sandbox import kernel
from lorascan.sandbox.bpf import (
    ARCHITECTURE,
    NUMBER,
    Instruction,
    answer,
    assembled,
    high,
    load,
    low,
    skip_if_equal,
    skip_unless_any_bit,
    skip_unless_at_least,
    skip_unless_equal,
)
from lorascan.sandbox.syscalls import NUMBERS

Stage = Literal[1, 2]
Block = list[Instruction]

ALLOW = 0x7FFF0000
KILL = 0x80000000
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
SET_MODE_FILTER = 1
TSYNC = 1


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ALLOWED = _names("""
futex read write pread64 pwrite64 readv writev preadv preadv2 lseek close close_range munmap mprotect mremap
madvise brk mincore membarrier stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat
getdents64 getcwd dup dup2 dup3 statfs fstatfs fadvise64 umask futex_waitv set_robust_list rseq set_tid_address gettid
exit exit_group sched_yield sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu
getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid uname sysinfo
getrusage times getrlimit getpriority rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait
rt_sigsuspend sigaltstack restart_syscall pause clock_gettime clock_getres gettimeofday time nanosleep clock_nanosleep
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2 pipe pipe2 getrandom
arch_prctl capget """)
_STAGE_1_ONLY = _names("ftruncate mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2")
_CUDA = _names("memfd_create mbind get_mempolicy set_mempolicy mlock")
_ABSENT = _names("clone3 openat2 io_uring_setup io_uring_enter io_uring_register statmount listmount")

_CLONE_THREAD = 0x00010000
# NEWTIME, PTRACE, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_CLONE_REFUSED = 0x80 | 0x2000 | 0x20000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_TERMINAL_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIOCLEX FIONCLEX
_ALL_TERMINAL_IOCTLS = (0x5400, 0x5500)
# SET_NAME GET_NAME GET_NO_NEW_PRIVS SET_NO_NEW_PRIVS GET_DUMPABLE GET_PDEATHSIG CAPBSET_READ GET_SECUREBITS SET_VMA
_PRCTLS = (15, 16, 39, 38, 3, 2, 23, 27, 0x53564D41)
_FCNTLS = (0, 1, 2, 3, 4, 1030, 1032, 1034)  # DUPFD GETFD SETFD GETFL SETFL DUPFD_CLOEXEC GETPIPE_SZ GET_SEALS
_MAP_SHARED, _MAP_ANONYMOUS, _MAP_GROWSDOWN = 0x01, 0x20, 0x100
_OPEN_TO_CHANGE = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # O_ACCMODE O_CREAT O_TRUNC O_APPEND O_TMPFILE


def program(architecture: str, stage: Stage, own_id: int, *, gpu: bool = False) -> list[Instruction]:
    """The filter of a stage for a process whose id is `own_id`; complete in itself, whatever else is installed.

    With `gpu` it is the wider one that CUDA needs, after public sources and unverified.
    """
    numbers = NUMBERS[architecture]
    blocks: list[tuple[str, Block]] = [(name, [answer(ALLOW)]) for name in (*_ALLOWED, *(_CUDA if gpu else ()))]
    blocks += [(name, [answer(refusal(errno.ENOSYS))]) for name in _ABSENT]
    by_argument = {**_by_argument(own_id), **(_for_cuda() if gpu else {})}
    blocks += [*by_argument.items(), *(_first_only() if stage == 1 else _reading_only())]
    code = _prologue(architecture)
    for name, block in blocks:
        if name in numbers:
            code += [skip_unless_equal(numbers[name], len(block)), *block]
    return [*code, answer(refusal(errno.EPERM))]


def refusal(number: int) -> int:
    """The seccomp action that makes a call fail with this errno."""
    return 0x00050000 | number


def fingerprint(architecture: str, *, gpu: bool = False) -> str:
    """SHA-256, in hex, over both filters as assembled for process id 0."""
    stages: tuple[Stage, Stage] = (1, 2)
    return hashlib.sha256(b"".join(assembled(program(architecture, stage, 0, gpu=gpu)) for stage in stages)).hexdigest()


def install(architecture: str, stage: Stage, own_id: int, *, gpu: bool = False) -> None:
    """Put the filter of a stage on every thread of this process. Raises OSError."""
    code = assembled(program(architecture, stage, own_id, gpu=gpu))
    instructions = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))  # struct sock_fprog
    unsynchronised = kernel.system_call(NUMBERS[architecture]["seccomp"], SET_MODE_FILTER, TSYNC, header)
    if unsynchronised:
        message = f"thread {unsynchronised} did not take the filter"
        raise OSError(errno.EBUSY, message)


def _prologue(architecture: str) -> Block:
    code = [load(ARCHITECTURE), skip_if_equal(AUDIT_ARCHITECTURES[architecture], 1), answer(KILL), load(NUMBER)]
    if architecture == "x86_64":
        code += [skip_unless_at_least(X32, 1), answer(KILL)]
    return code


def _by_argument(own_id: int) -> dict[str, Block]:
    own = _one_of(0, (0, own_id))
    return {
        "clone": [
            load(low(0)),
            skip_unless_any_bit(_CLONE_REFUSED, 1),
            answer(refusal(errno.EPERM)),
            skip_unless_any_bit(_CLONE_THREAD, 1),
            answer(ALLOW),
            answer(refusal(errno.EPERM)),
        ],
        "mmap": _private_memory(),
        "ioctl": _one_of(1, _TERMINAL_IOCTLS, otherwise=errno.ENOTTY),
        "prctl": _one_of(0, _PRCTLS),
        "fcntl": _one_of(1, _FCNTLS),
        "prlimit64": [load(high(2)), *_zero_or_refused(), load(low(2)), *_zero_or_refused(), *own],
        "tgkill": _one_of(0, (own_id,)),
        "sched_setaffinity": own,
        "sched_getaffinity": own,
    }


def _for_cuda() -> dict[str, Block]:
    """Any ioctl but a terminal's, whose numbers lie together (a driver's have its own); shared memory, which the parent watches."""
    ioctl = [load(low(1))]
    for value in _TERMINAL_IOCTLS:
        ioctl += [skip_unless_equal(value, 1), answer(ALLOW)]
    first, beyond = _ALL_TERMINAL_IOCTLS
    ioctl += [skip_unless_at_least(first, 1), skip_unless_at_least(beyond, 1), answer(ALLOW), answer(refusal(errno.ENOTTY))]
    return {"mmap": [answer(ALLOW)], "ioctl": ioctl}


def _first_only() -> list[tuple[str, Block]]:
    names = [*_STAGE_1_ONLY, "open", "openat"]
    further_filter = [
        load(low(0)),
        skip_if_equal(SET_MODE_FILTER, 1),
        answer(refusal(errno.EPERM)),
        *_one_of(1, (TSYNC,)),
    ]
    return [*((name, [answer(ALLOW)]) for name in names), ("seccomp", further_filter)]


def _reading_only() -> list[tuple[str, Block]]:
    return [(name, _without_bits(argument, _OPEN_TO_CHANGE)) for name, argument in (("open", 1), ("openat", 2))]


def _private_memory() -> Block:
    """Refuse memory that RLIMIT_DATA does not count: shared and anonymous, or growing downwards like a stack."""
    return [
        load(low(3)),
        skip_unless_any_bit(_MAP_GROWSDOWN, 1),
        answer(refusal(errno.EPERM)),
        skip_unless_any_bit(_MAP_ANONYMOUS, 2),
        skip_unless_any_bit(_MAP_SHARED, 1),
        answer(refusal(errno.EPERM)),
        answer(ALLOW),
    ]


def _one_of(argument: int, values: Sequence[int], otherwise: int = errno.EPERM) -> Block:
    code = [load(low(argument))]
    for value in dict.fromkeys(values):
        code += [skip_unless_equal(value, 1), answer(ALLOW)]
    return [*code, answer(refusal(otherwise))]


def _without_bits(argument: int, mask: int) -> Block:
    return [load(low(argument)), skip_unless_any_bit(mask, 1), answer(refusal(errno.EPERM)), answer(ALLOW)]


def _zero_or_refused() -> Block:
    return [skip_if_equal(0, 1), answer(refusal(errno.EPERM))]
