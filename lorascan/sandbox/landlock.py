"""Landlock: which files a process may still open.

Source: landlock(7), `include/uapi/linux/landlock.h`. Every right that the kernel's ABI and this file know is handled,
so that what no rule grants is refused: files from ABI 1, TCP from 4, abstract sockets and signals from 6.
"""

import errno
import os
import stat
import struct
from collections.abc import Iterable

from lorascan.sandbox import kernel

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
_FILE_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 5: 16}
"""From this ABI on the kernel knows that many file rights, one bit each."""
_NETWORK_ABI, _SCOPE_ABI = 4, 6
_ALL_OF_TWO = 0b11
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_ONLY_VERSION = 1
_PATH_BENEATH = 1
_ONLY_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
SYSTEM_FILES = ("/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory")
"""Not /dev/zero: mapped as shared it gives memory that no limit counts."""
_NOWHERE = "/dev/null"
OWN_FILES = ("maps", "status", "stat", "statm")
"""Under /proc/self. The whole of /proc/self would expose the host's /proc/self/net."""
OWN_FOLDERS = ("task",)
"""Under /proc/self, to be listed and not read: /proc/self/task/N holds everything that /proc/self holds."""


def abi() -> int:
    """The kernel's Landlock ABI; 0 where Landlock is absent or switched off."""
    try:
        return kernel.system_call(_CREATE, None, 0, _ONLY_VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def handled_file_rights(version: int) -> int:
    """The mask of every file right that this ABI and this file know."""
    return (1 << max(count for since, count in _FILE_RIGHTS_BY_ABI.items() if since <= version)) - 1


def ruleset(version: int) -> bytes:
    """The `struct landlock_ruleset_attr` that handles everything this ABI knows."""
    words = [handled_file_rights(version)]
    if version >= _NETWORK_ABI:
        words.append(_ALL_OF_TWO)
    if version >= _SCOPE_ABI:
        words.append(_ALL_OF_TWO)
    return struct.pack(f"={len(words)}Q", *words)


def restrict(readable: Iterable[str], listed: Iterable[str] = (), written: Iterable[str] = (), devices: Iterable[str] = ()) -> int:
    """Let this thread open nothing but what is named, nor anything that it starts: whole trees.

    Files of `listed` trees are seen by name and not opened, those of `written` are not read; `devices` are read, written and
    spoken to by ioctl. Paths that do not exist are passed over. Returns the ABI. Raises OSError where Landlock is absent.
    """
    version = abi()
    if version == 0:
        raise OSError(errno.EOPNOTSUPP, "the kernel has no Landlock")
    attributes = ruleset(version)
    descriptor = kernel.system_call(_CREATE, attributes, len(attributes), 0)
    try:
        for path in readable:
            _grant(descriptor, path, READ_FILE | READ_DIR)
        for path in listed:
            _grant(descriptor, path, READ_DIR)
        for path in written:
            _grant(descriptor, path, WRITE_FILE)
        _grant(descriptor, _NOWHERE, READ_FILE | WRITE_FILE)
        for path in devices:
            _grant(descriptor, path, (READ_FILE | WRITE_FILE | IOCTL_DEV) & handled_file_rights(version))
        kernel.system_call(_RESTRICT, descriptor, 0)
    finally:
        os.close(descriptor)
    return version


def _grant(ruleset_descriptor: int, path: str, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(target).st_mode):
            rights &= _ONLY_FILES  # the kernel answers EINVAL to a folder right on a file
        kernel.system_call(_ADD, ruleset_descriptor, _PATH_BENEATH, struct.pack("=Qi", rights, target), 0)
    finally:
        os.close(target)
