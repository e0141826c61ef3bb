"""Linux calls that Python's library lacks."""

import ctypes
import os
from functools import cache

PR_SET_PDEATHSIG = 1
PR_GET_PDEATHSIG = 2
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39


@cache
def _libc() -> ctypes.CDLL:
    """Opened when first called, so that this module can be imported anywhere."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def prctl(option: int, value: int = 0) -> int:
    """`prctl` with all five arguments, the last three 0, as NO_NEW_PRIVS demands. Raises OSError."""
    unused = ctypes.c_ulong(0)
    return _checked(_libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), unused, unused, unused))


def system_call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call by number; buffers and byte strings pass as pointers. Raises OSError."""
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _checked(_libc().syscall(ctypes.c_long(number), *passed))


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """`mount(2)`. Raises OSError."""
    encoded = [None if each is None else os.fsencode(each) for each in (source, target, kind, options)]
    _checked(_libc().mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]))


def unshare(flags: int) -> None:
    """`unshare(2)`. Raises OSError."""
    _checked(_libc().unshare(ctypes.c_int(flags)))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
