"""Further ways out, by files, descriptors, machine code and sheer amount; each with a control where harmless."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lorascan.sandbox import Session, WorkerDied, WorkerError, start
from tests.sandbox.conftest import QUICK
from tests.sandbox.test_attacks import THROUGH, outcome, system_call

X86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="machine code of x86_64")
LOST = ("EACCES", "ENOENT", "EPERM", "ELOOP")


@contextmanager
def model_folder() -> Iterator[Path]:
    """A folder that everybody may enter, so that nothing but the lock stands between."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        folder = Path(home) / "model"
        folder.mkdir()
        yield folder


def granted(isolation: str, folder: Path) -> Session:
    return start("lorascan.sandbox.payload", replace(QUICK, read_paths=(folder,)), isolation=isolation)


def test_a_link_inside_the_base_folder_leads_nowhere_else(isolation: str) -> None:
    with model_folder() as folder:
        secret = folder.parent / "id_ed25519"
        secret.write_text("secret")
        for name, target in {"file": secret, "folder": folder.parent, "system": Path("/etc/passwd"), "up": Path("../id_ed25519")}.items():
            (folder / name).symlink_to(target)
        with granted(isolation, folder) as session:
            for path in ("file", "folder/id_ed25519", "system", "up", "../id_ed25519"):
                assert outcome(session, f"open({str(folder / path)!r}).read()") in LOST, path


def test_nothing_is_written_to_the_base_folder_even_where_everybody_may(isolation: str) -> None:
    with model_folder() as folder:
        weights = folder / "weights"
        weights.write_text("w")
        folder.chmod(0o777)
        weights.chmod(0o666)
        with granted(isolation, folder) as session:
            for body in (
                f"open({str(weights)!r}, 'r+')",
                f"os.truncate({str(weights)!r}, 0)",
                f"os.ftruncate(os.open({str(weights)!r}, os.O_RDONLY), 0)",
                f"os.unlink({str(weights)!r})",
                f"os.mkdir({str(folder / '__pycache__')!r})",
                f"import mmap; mmap.mmap(os.open({str(weights)!r}, os.O_RDONLY), 1, prot=mmap.PROT_WRITE)",
                f"os.fchmod(os.open({str(weights)!r}, os.O_RDONLY), 0o777)",
            ):
                assert outcome(session, body) in ("EPERM", "EACCES", "EINVAL"), body

        assert weights.read_text() == "w"
        assert [each.name for each in folder.iterdir()] == ["weights"]


PLACES = ["tempfile.gettempdir()", "os.environ['HOME']", "os.getcwd()", "os.path.dirname(os.__file__) + '/__pycache__'"]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_written_where_a_library_would_look_for_a_place(payload: Session, place: str) -> None:
    body = f"import tempfile\nopen(({place}) + '/x', 'w')"

    assert outcome(payload, body) in (*LOST, "FileNotFoundError")


def test_no_temporary_file_is_made_in_any_form(payload: Session, control: Session) -> None:
    for body in ("import tempfile; tempfile.TemporaryFile().close()", "import tempfile; os.rmdir(tempfile.mkdtemp())"):
        assert outcome(payload, body) in ("ENOENT", "EPERM")
        assert outcome(control, body) == THROUGH


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_standard_streams_cannot_be_opened_again_nor_changed(payload: Session, number: int) -> None:
    reopened = [f"/proc/self/fd/{number}", f"/dev/fd/{number}", "/dev/tty", "/dev/pts/0", "/dev/console"]

    for path in reopened:
        assert outcome(payload, f"os.open({path!r}, os.O_RDWR)") in LOST
        if "fd" not in path:  # its own pipe may be read by a worker of the same user: nobody else's words are in it
            assert outcome(payload, f"os.open({path!r}, os.O_RDONLY)") in (*LOST, "ENXIO")
    assert outcome(payload, f"os.fchmod({number}, 0o777)") == "EPERM"
    assert outcome(payload, f"import fcntl; fcntl.fcntl({number}, fcntl.F_SETOWN, os.getpid())") == "EPERM"


def test_no_descriptor_can_be_asked_to_signal_or_lease_or_watch(payload: Session) -> None:
    for command in ("F_SETOWN", "F_SETSIG", "F_SETLEASE", "F_NOTIFY", "F_ADD_SEALS", "F_SETLK", "F_SETPIPE_SZ"):
        number = {"F_SETSIG": 10, "F_ADD_SEALS": 1033, "F_SETPIPE_SZ": 1031}.get(command)
        asked = str(number) if number else f"fcntl.{command}"
        assert outcome(payload, f"import fcntl; fcntl.fcntl(1, {asked}, 0)") == "EPERM", command


DEVICES = """
/dev/mem /dev/kmsg /dev/fuse /dev/kvm /dev/net/tun /dev/ptmx /dev/shm /dev/full /dev/random /dev/zero /dev/userfaultfd
/dev/nvidiactl /dev/nvidia0 /dev/vsock
"""


@pytest.mark.parametrize("device", DEVICES.split())
def test_no_device_is_opened(payload: Session, device: str) -> None:
    for flags in ("os.O_RDONLY", "os.O_RDWR"):
        assert outcome(payload, f"os.open({device!r}, {flags})") in LOST


def test_only_the_random_and_the_null_device_are_read(payload: Session) -> None:
    assert outcome(payload, "open('/dev/urandom', 'rb').read(1); open('/dev/null', 'rb').read(1)") == THROUGH


FURTHER = {  # x86_64; sources: asm/unistd_64.h
    "io_setup": 206, "io_submit": 209, "io_getevents": 208, "setitimer": 38, "alarm": 37, "mlockall": 151, "swapoff": 168,
    "sethostname": 170, "setdomainname": 171, "vhangup": 153, "adjtimex": 159, "settimeofday": 164, "clock_settime": 227,
    "clock_adjtime": 305, "mq_unlink": 241, "msgctl": 71, "shmctl": 31, "semctl": 66, "shmdt": 67, "migrate_pages": 256,
    "move_pages": 279, "get_mempolicy": 239, "lookup_dcookie": 212, "fanotify_mark": 301, "signalfd": 282, "pkey_alloc": 330,
    "fsconfig": 431, "fsmount": 432, "fspick": 433, "process_mrelease": 448, "quotactl_fd": 443, "fchmodat2": 452,
    "ioprio_set": 251, "futimesat": 261, "utime": 132, "utimes": 235, "lchown": 94, "lsetxattr": 189, "removexattr": 197,
    "getxattr": 191, "sync": 162, "syncfs": 306, "fallocate": 285, "fsync": 74, "uselib": 134, "ustat": 136, "sysfs": 139,
    "pivot": 155, "msync": 26, "sendmmsg": 307, "recvmmsg": 299, "getsockopt": 55, "setsockopt": 54, "getpeername": 52,
    "kexec_file_load": 320, "get_robust_list": 274, "lsm_set_self_attr": 460, "mseal": 462, "setxattrat": 463,
    "open_tree_attr": 467, "set_thread_area": 205, "vmsplice": 278, "chmod": 90, "lchown2": 260, "inotify_add_watch": 254,
}  # fmt: skip


@X86
@pytest.mark.parametrize("name", FURTHER)
def test_a_call_that_nobody_listed_is_refused_too(payload: Session, name: str) -> None:
    assert outcome(payload, SYSTEM_CALL_NUMBER.format(number=FURTHER[name])) == "EPERM"


SYSTEM_CALL_NUMBER = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall({number}, *[ctypes.c_long(1)] * 6) < 0:
    raise OSError(ctypes.get_errno(), "")
"""


@pytest.mark.parametrize("flags", [0, 17, 0x100 | 17, 0x4000 | 0x100 | 17, 0x10000000 | 17, 0x7F << 40 | 17])
def test_no_process_is_cloned_by_any_flags(payload: Session, flags: int) -> None:
    assert outcome(payload, system_call("clone", flags)) == "EPERM"


def test_a_program_held_in_memory_or_on_disk_is_not_executed(payload: Session) -> None:
    for body in (
        "os.execve('/proc/self/exe', ['x'], {})",
        "os.execve(os.open('/proc/self/exe', os.O_PATH), ['x'], {})",
        "import sys; os.execv(sys.executable or '/usr/bin/python3', ['x'])",
        "os.execv('/usr/bin/su', ['su'])",
        "os.posix_spawn('/usr/bin/passwd', ['passwd'], {})",
        "os.memfd_create('x', 0)",
        system_call("memfd_secret", 0),
        system_call("execveat", 0, 0, 0, 0, 0x1000),
    ):
        assert outcome(payload, body) in (*LOST, "FileNotFoundError"), body


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET"])
def test_no_pair_of_sockets_and_no_abstract_name(payload: Session, control: Session, kind: str) -> None:
    pair = f"import socket; [each.close() for each in socket.socketpair(socket.AF_UNIX, socket.{kind})]"
    named = f"import socket; s = socket.socket(socket.AF_UNIX, socket.{kind}); s.bind('\\0lorascan-test'); s.close()"

    assert [outcome(payload, pair), outcome(payload, named)] == ["EPERM"] * 2
    assert [outcome(control, pair), outcome(control, named)] == [THROUGH] * 2


@pytest.mark.parametrize("family", range(46))
def test_no_number_is_a_family_that_may_be_opened(payload: Session, family: int) -> None:
    assert outcome(payload, system_call("socket", family, 2)) == "EPERM"


@pytest.mark.parametrize("target", ["os.getppid()", "1", "{parent}", "-1", "0"])
def test_no_signal_reaches_anybody(payload: Session, target: str) -> None:
    for number in (0, 9, 19):
        assert outcome(payload, f"os.kill({target.format(parent=os.getpid())}, {number})") == "EPERM"


def test_limits_leave_no_core_no_file_no_queue_no_lock(payload: Session) -> None:
    source = "import resource as r; print([r.getrlimit(getattr(r, 'RLIMIT_' + n)) for n in ('CORE', 'FSIZE', 'MSGQUEUE', 'MEMLOCK')])"

    assert payload.call("run", {"source": source}).result["output"].strip() == str([(0, 0)] * 4)


def test_descriptors_run_out_for_the_worker_and_not_for_its_parent(isolation: str) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the names
    with start("lorascan.sandbox.payload", QUICK, isolation=isolation) as session:
        body = "kept = []\nfor _ in range(100_000): kept.append(os.pipe())"

        assert outcome(session, body) == "EMFILE"
        assert session.call("run", {"source": "print(1)"}).result["output"] == "1\n"
        assert len(os.listdir("/proc/self/fd")) <= before + 4  # noqa: PTH208


def test_memory_that_grows_like_a_stack_or_comes_from_a_device_is_refused(payload: Session, control: Session) -> None:
    growing = "import mmap; mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100).close()"
    shared = "import mmap; mmap.mmap(-1, 4096).close()"
    zero = "import mmap; mmap.mmap(os.open('/dev/zero', os.O_RDONLY), 4096, prot=mmap.PROT_READ).close()"

    assert [outcome(payload, each) for each in (growing, shared)] == ["EPERM"] * 2
    assert outcome(payload, zero) in LOST
    assert [outcome(control, each) for each in (growing, shared, zero)] == [THROUGH] * 3


MACHINE_CODE = """
import ctypes, mmap
code = bytes.fromhex({code!r})
page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
page.write(code)
ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
CODES = {
    "int 0x80, getpid of i386": ("b814000000cd80c3", ("SIGSYS", "SIGSEGV")),  # a kernel without i386 faults
    "x32 getpid": ("b827000040" + "0f05c3", ("SIGSYS",)),
    "x32 execve": ("b808020040" + "0f05c3", ("SIGSYS",)),
    "hlt": ("f4c3", ("SIGSEGV",)),
    "sysenter": ("b8140000000f34c3", ("SIGSYS", "SIGSEGV", "SIGILL", "SIGBUS")),
}


@X86
@pytest.mark.parametrize("name", CODES)
def test_machine_code_that_enters_the_kernel_by_another_door_dies(isolation: str, name: str) -> None:
    code, signals = CODES[name]

    with (
        start("lorascan.sandbox.payload", QUICK, isolation=isolation) as session,
        pytest.raises(WorkerDied) as caught,
    ):
        session.call("run", {"source": MACHINE_CODE.format(code=code)})

    assert any(each in str(caught.value) for each in signals), caught.value


@X86
def test_machine_code_that_asks_for_what_is_refused_gets_a_refusal(payload: Session) -> None:
    fork = "b8390000000f05c3"
    source = MACHINE_CODE.format(code=fork).replace("ctypes.CFUNCTYPE", "print(ctypes.CFUNCTYPE", 1).strip() + ")"

    assert payload.call("run", {"source": source}).result["output"].strip() == str(-1)


def test_what_a_worker_learns_of_the_machine_is_no_secret(payload: Session) -> None:
    """Metadata is not hidden by Landlock: a path's existence and size can be asked for, its content and its folder's list not."""
    source = "import os; print(sorted(os.listdir('/proc/self/task/' + os.listdir('/proc/self/task')[0] + '/fd')))"
    assert payload.call("run", {"source": source}).result["failed"] is False
    for path in ("/etc/shadow", "/etc/ssh", "/root", "/var/log", "/run", "/proc/1/environ", "/boot", "/usr/bin"):
        assert outcome(payload, f"os.listdir({path!r})") in (*LOST, "ENOTDIR")
        assert outcome(payload, f"os.open({path!r}, os.O_RDONLY)") in LOST


def test_a_worker_cannot_outlive_its_deadline_by_ignoring_every_signal(isolation: str) -> None:
    source = """
import signal, threading, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
def spin():
    while True: pass
[threading.Thread(target=spin, daemon=True).start() for _ in range(4)]
os.closerange(0, 3)
spin()
"""
    session = start("lorascan.sandbox.payload", replace(QUICK, wall_seconds=2.0), isolation=isolation)
    worker = session._child.worker
    with session, pytest.raises(WorkerError):
        session.call("run", {"source": "import os\n" + source})

    assert not Path(f"/proc/{worker}").exists()


def test_two_workers_share_nothing(isolation: str) -> None:
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(start("lorascan.sandbox.payload", QUICK, isolation=isolation, blobs={"adapter": name}))
            for name in (b"one", b"other")
        )
        for name in ("mem", "fd/3", "environ", "status", "root/etc/passwd"):
            assert outcome(one, f"os.open('/proc/{other._child.worker}/{name}', os.O_RDONLY)") in LOST
        assert outcome(one, system_call("process_vm_readv", other._child.worker, 0, 0, 0)) == "EPERM"
        assert outcome(one, system_call("tgkill", other._child.worker, other._child.worker, 9)) == "EPERM"
        assert outcome(one, system_call("kcmp", os.getpid(), other._child.worker)) == "EPERM"
        assert other.call("run", {"source": "print(2)"}).result["output"] == "2\n"
