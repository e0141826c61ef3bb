"""Starts a locked worker on a machine that lacks something: run as a program, it prints which isolation it got.

    python elsewhere.py USER LACK

USER: root, or nobody; LACK: one of LACKS. What is taken away is taken away from this very process, before lorascan looks.
"""

import ctypes
import errno
import json
import os
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[3])
sys.path.insert(0, ROOT)

from lorascan.core.errors import Unavailable  # noqa: E402
from lorascan.sandbox import Lock, kernel, seccomp, start  # noqa: E402
from lorascan.sandbox.backends import namespaces  # noqa: E402
from lorascan.sandbox.bpf import NUMBER, Instruction, answer, assembled, load, low, skip_unless_any_bit, skip_unless_equal  # noqa: E402
from lorascan.sandbox.syscalls import NUMBERS  # noqa: E402

NEW_USER = 0x10000000
NEW_ANY = 0x7E020000
LANDLOCK = dict.fromkeys(("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"), errno.ENOSYS)
# What Docker's default profile refuses to a container without further capabilities, of the calls that matter here.
DOCKER_REFUSES = """
unshare setns mount umount2 pivot_root fsopen open_tree move_mount mount_setattr bpf perf_event_open userfaultfd keyctl
add_key request_key kexec_load init_module finit_module delete_module reboot swapon acct quotactl name_to_handle_at
open_by_handle_at io_uring_setup io_uring_enter io_uring_register syslog iopl ioperm
"""
DOCKER = {**dict.fromkeys(DOCKER_REFUSES.split(), errno.EPERM), "clone3": errno.ENOSYS}
# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP
DOCKER_CAPABILITIES = frozenset((0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31))
LACKS: dict[str, tuple[Mapping[str, int], int]] = {
    "nothing": ({}, 0),
    "user namespaces": ({"clone3": errno.ENOSYS}, NEW_USER),
    "bubblewrap": ({}, 0),
    "landlock": (LANDLOCK, 0),
    "what Docker refuses": (DOCKER, NEW_ANY),
    "everything": ({**DOCKER, **LANDLOCK}, NEW_ANY),
}
ATTEMPTS = {
    "socket": "import socket; socket.socket()",
    "write": "open('/tmp/x', 'w')",
    "read": "open('/etc/hostname')",
    "fork": "os.fork()",
    "exec": "os.execv('/bin/true', ['true'])",
    "unshare": "ctypes.CDLL(None, use_errno=True).unshare(0x10000000) and (_ for _ in ()).throw(OSError(ctypes.get_errno(), ''))",
    "honest work": "sum(open(os.__file__).read().encode())",
}


def refuse(calls: Mapping[str, int], clone_bits: int) -> None:
    """Let the kernel refuse these calls, and clone with any of these bits, to this process and all that it starts."""
    numbers = NUMBERS[os.uname().machine]
    code: list[Instruction] = [load(NUMBER)]
    for name, number in calls.items():
        code += [skip_unless_equal(numbers[name], 1), answer(seccomp.refusal(number))] if name in numbers else []
    clone = [load(low(0)), skip_unless_any_bit(clone_bits, 1), answer(seccomp.refusal(errno.EPERM)), load(NUMBER)]
    unshare = [load(low(0)), skip_unless_any_bit(clone_bits, 1), answer(seccomp.refusal(errno.EPERM)), load(NUMBER)]
    code += [skip_unless_equal(numbers["clone"], 4), *clone, skip_unless_equal(numbers["unshare"], 4), *unshare]
    program = assembled([*code, answer(seccomp.ALLOW)])
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    kernel.system_call(numbers["seccomp"], 1, 0, header)


def take_away(user: str, lack: str) -> None:
    """Be on such a machine from here on."""
    calls, bits = LACKS[lack]
    if os.geteuid() == 0 and calls is DOCKER:
        for capability in range(41):
            if capability not in DOCKER_CAPABILITIES:
                kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    if os.geteuid() != 0:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if calls or bits:
        refuse(calls, bits)
    if user == "nobody" and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


def main(user: str, lack: str) -> None:
    """Try, and tell as JSON."""
    if lack == "bubblewrap":
        namespaces._PLACES = "/nonexistent"
    try:
        with start("lorascan.sandbox.payload", Lock(start_seconds=120)) as session:
            told = {name: _outcome(session.call("run", {"source": _source(body)}).result) for name, body in ATTEMPTS.items()}
            facts = session.facts
    except Unavailable as refusal:
        print(json.dumps({"user": os.getuid(), "backend": None, "why": str(refusal), "asked": user}))  # noqa: T201
        return
    print(json.dumps({"user": os.getuid(), "backend": facts.backend, "uid": facts.uid, "told": told, "refused": facts.refused}))  # noqa: T201


def _source(body: str) -> str:
    return f"import ctypes, os\ntry:\n    {body}\n    print('through')\nexcept OSError as error:\n    print(error.errno)"


def _outcome(result: Mapping[str, object]) -> str:
    return str(result["output"]).strip()


if __name__ == "__main__":
    if sys.argv[3:] != ["there"]:
        take_away(sys.argv[1], sys.argv[2])
        os.execv(sys.executable, [sys.executable, "-I", "-B", __file__, sys.argv[1], sys.argv[2], "there"])
    main(sys.argv[1], sys.argv[2])
