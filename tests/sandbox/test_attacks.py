"""What code inside the lock tries in vain, judged by errno; each with a control that shows that the probe can tell.

No probe could do harm if it got through: pointers are bad (EFAULT = it reached the kernel), files are the test's own.
"""

import os
import socket
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lorascan.sandbox import Session, attempt, start
from lorascan.sandbox.spawn import Child, spawn
from lorascan.sandbox.syscalls import NUMBERS
from tests.sandbox.conftest import QUICK

CALLS = NUMBERS.get(os.uname().machine, {})
THROUGH = "through"

OUTCOME = """
import errno, os
def attempt():
{body}
try:
    attempt()
    print("through")
except (OSError, ValueError) as error:
    print(errno.errorcode.get(getattr(error, "errno", None), type(error).__name__))
"""
SYSTEM_CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall({number}, {arguments}) < 0:
    raise OSError(ctypes.get_errno(), "")
"""


def outcome(session: Session, body: str) -> str:
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    answer = session.call("run", {"source": OUTCOME.format(body=indented)}).result
    assert answer["failed"] is False, answer["output"]
    return str(answer["output"]).strip()


def system_call(name: str, *arguments: int) -> str:
    return SYSTEM_CALL.format(number=CALLS[name], arguments=", ".join(f"ctypes.c_long({each})" for each in (*arguments, 0, 0, 0, 0, 0)[:6]))


FAMILIES = ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
def test_no_socket_of_any_family(payload: Session, control: Session, family: str, kind: str) -> None:
    body = f"import socket; socket.socket(socket.{family}, socket.{kind}).close()"

    assert outcome(payload, body) == "EPERM"
    assert outcome(control, body) != "EPERM" or os.geteuid() != 0


def test_tcp_udp_and_unix_sockets_of_the_parent_hear_nothing(payload: Session, control: Session, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(path))
        unix.listen()
        attempts = [
            f"import socket; socket.create_connection(('127.0.0.1', {tcp.getsockname()[1]}), 2).close()",
            f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {udp.getsockname()[1]}))",
            f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})",
        ]
        for heard in (tcp, udp, unix):
            heard.settimeout(0.3)

        assert [outcome(payload, each) for each in attempts] == ["EPERM"] * 3
        for listener in (tcp.accept, lambda: udp.recv(1), unix.accept):
            with pytest.raises(TimeoutError):
                listener()

        assert [outcome(control, each) for each in attempts] == [THROUGH] * 3
        tcp.accept()[0].close()
        assert udp.recv(1) == b"x"
        unix.accept()[0].close()


def test_no_name_is_resolved(payload: Session, control: Session) -> None:
    body = "import socket; socket.getaddrinfo({name!r}, 80)"

    for name in ("localhost", "example.org"):
        assert outcome(payload, body.format(name=name)) in ("gaierror", "EAI_AGAIN", "EPERM", "ENOENT", "EAGAIN")
    assert outcome(control, body.format(name="localhost")) == THROUGH  # needs no network, but files


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_nothing_is_bound_nor_listened_to(payload: Session, control: Session, address: str) -> None:
    body = f"import socket; s = socket.create_server(({address!r}, 0), family=socket.AF_INET{'6' * (':' in address)}); s.close()"

    assert outcome(payload, body) == "EPERM"
    assert outcome(control, body) in ((THROUGH,) if "." in address else (THROUGH, "EADDRNOTAVAIL", "EAFNOSUPPORT"))  # a machine without


def test_a_word_in_the_environment_of_the_parent_is_not_seen(isolation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORASCAN_TESTS_TOKEN", "s3cret")
    with start("lorascan.sandbox.payload", QUICK, isolation=isolation) as session:
        seen = session.call("run", {"source": "import os; print('s3cret' in str(os.environ))"}).result["output"].strip()

    assert seen == "False"
    assert "s3cret" in str(os.environ)  # the control


def test_canaries_of_the_parent_stay_unread(payload: Session, control: Session) -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)  # so that nothing but the lock stands between
        key = Path(home) / ".ssh" / "id_ed25519"
        key.parent.mkdir()
        key.write_text("secret")
        body = f"open({str(key)!r}).read()"

        assert outcome(payload, body) in ("EACCES", "ENOENT")
        assert outcome(control, body) == THROUGH


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/proc/1/cmdline",
        "/proc/self/environ",
        "/proc/self/mem",
        "/proc/self/net/dev",
        "/proc/self/mountinfo",
        "/proc/self/root/etc/passwd",
        "/proc/thread-self/net/tcp",
        "/proc/self/task/{task}/net/tcp",
        "/proc/self/task/{task}/net/dev",
        "/proc/self/task/{task}/mountinfo",
        "/proc/self/task/{task}/environ",
        "/proc/self/task/{task}/cmdline",
        "/proc/self/task/{task}/root/etc/passwd",
        "/proc/{parent}/cmdline",
        "/proc/{parent}/environ",
        "/proc/{parent}/mem",
        "/proc/{parent}/maps",
        "/proc/{parent}/root/etc/passwd",
        "/proc/version",
        "/sys/kernel/ostype",
        "/proc/sys/kernel/hostname",
    ],
)
def test_files_of_the_system_and_of_other_processes_stay_unread(payload: Session, control: Session, path: str) -> None:
    written = path.format(parent=os.getpid(), task="{task}")
    body = f"import threading\npath = {written!r}.format(task=threading.get_native_id())\nos.close(os.open(path, os.O_RDONLY))"

    assert outcome(payload, body) in ("EACCES", "ENOENT")
    assert outcome(control, body) in (THROUGH, "ENOENT", "EACCES")


@pytest.mark.parametrize("folder", ["/", "/root", "/home", "/etc", "/tmp", "/var/tmp", "/dev/shm", "/proc", "/sys", "/usr"])
def test_folders_stay_unlisted(payload: Session, folder: str) -> None:
    assert outcome(payload, f"os.listdir({folder!r})") in ("EACCES", "ENOENT")


def test_the_environment_holds_nothing_of_the_parent(payload: Session) -> None:
    source = "import os; print(sorted(set(os.environ) - {'PWD', 'LC_CTYPE'}))"

    answer = payload.call("run", {"source": source}).result["output"]

    assert answer.strip() == str(
        sorted(
            [
                "HOME",
                "USER",
                "LOGNAME",
                "PATH",
                "LC_ALL",
                "HF_HUB_OFFLINE",
                "TRANSFORMERS_OFFLINE",
                "TORCHINDUCTOR_CACHE_DIR",
                "OMP_NUM_THREADS",
            ]
        )
    )


@pytest.mark.parametrize("flags", ["os.O_WRONLY | os.O_CREAT", "os.O_RDWR", "os.O_WRONLY | os.O_TRUNC", "os.O_TMPFILE | os.O_RDWR"])
@pytest.mark.parametrize(
    "place",
    [
        *("/x", "/tmp/x", "/var/tmp/x", "/dev/shm/x", "x", "{home}/x", "/dev/null", "{site}/x", "{site}/socket.py", "{tests}/x"),
        *("/proc/sys/kernel/hostname", "/proc/self/oom_score_adj", "/proc/self/comm"),
    ],
)
def test_nothing_is_opened_for_writing(payload: Session, flags: str, place: str) -> None:
    written = place.format(site=Path(socket.__file__).parent, tests=Path(__file__).parent, home=Path.home())
    body = f"os.close(os.open({written!r}, {flags}))"

    assert outcome(payload, body) == "EPERM"


def test_writing_and_renaming_in_a_writable_folder_is_refused_too(payload: Session, control: Session, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    changes = [
        f"open({str(tmp_path / 'new')!r}, 'w').close()",
        f"os.mkdir({str(tmp_path / 'folder')!r})",
        f"os.rename({str(tmp_path / 'new')!r}, {str(tmp_path / 'newer')!r})",
        f"os.symlink('/etc', {str(tmp_path / 'link')!r})",
        f"os.link({str(tmp_path / 'newer')!r}, {str(tmp_path / 'hard')!r})",
        f"os.mkfifo({str(tmp_path / 'fifo')!r})",
        f"os.chmod({str(tmp_path / 'newer')!r}, 0o600)",
        f"os.utime({str(tmp_path / 'newer')!r})",
        f"os.truncate({str(tmp_path / 'newer')!r}, 0)",
        f"os.setxattr({str(tmp_path / 'newer')!r}, 'user.x', b'1')",
        f"os.unlink({str(tmp_path / 'newer')!r})",
        f"os.rmdir({str(tmp_path / 'folder')!r})",
    ]

    assert [outcome(payload, each) for each in changes] == ["EPERM"] * len(changes)
    assert [(each, outcome(control, each)) for each in changes] == [(each, THROUGH) for each in changes]


def test_the_sealed_bytes_cannot_be_changed(payload: Session, control: Session) -> None:
    find = "fd = next(n for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}') and 'memfd' in os.readlink(f'/proc/self/fd/{n}'))\n"
    changes = [find + "os.pwrite(fd, b'x', 0)", find + "os.ftruncate(fd, 0)", find + "os.ftruncate(fd, 1 << 20)"]

    assert [outcome(payload, each) for each in changes] == ["EFBIG", "EPERM", "EPERM"]  # the size limit answers before the seal
    assert [outcome(control, each) for each in changes] == ["EPERM"] * 3  # the seals alone already hold


PROCESSES = {
    "fork": "pid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)",
    "spawn": "import subprocess; subprocess.run(['/bin/true'])",
    "posix_spawn": "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
    "signal to itself": "os.kill(os.getpid(), 0)",
    "signal to the parent": "os.kill(os.getppid(), 0)",
    "signal to all": "os.kill(-1, 0)",
    "pidfd": "os.close(os.pidfd_open(os.getpid()))",
    "memfd": "os.close(os.memfd_create('x'))",
    "shared memory": ("from multiprocessing import shared_memory as m\ns = m.SharedMemory(create=True, size=1)\ns.close()\ns.unlink()"),
    "raise a limit": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "priority": "os.nice(0)",
    "lock a file": "import fcntl; fcntl.flock(0, fcntl.LOCK_SH)",
}


@pytest.mark.parametrize("attempt", PROCESSES)
def test_no_other_process_is_made_or_reached(payload: Session, control: Session, attempt: str) -> None:
    assert outcome(payload, PROCESSES[attempt]) in ("EPERM", "ValueError")
    if attempt != "raise a limit":  # the shared control would keep it
        assert outcome(control, PROCESSES[attempt]) == THROUGH


BAD = """
execve execveat ptrace process_vm_readv process_vm_writev pidfd_getfd pidfd_send_signal bpf perf_event_open userfaultfd
keyctl add_key request_key mount umount2 unshare setns pivot_root chroot fsopen open_tree move_mount mount_setattr
shmget semget mq_open setuid setgid setresuid setgroups capset init_module finit_module personality sethostname swapon
acct quotactl name_to_handle_at open_by_handle_at kcmp syslog splice tee vmsplice sendfile copy_file_range inotify_init1
fanotify_init timerfd_create signalfd4 mbind landlock_create_ruleset landlock_restrict_self rt_sigqueueinfo tkill setsid
setpriority socketpair sendmsg seccomp process_madvise memfd_secret mknodat linkat symlinkat fchmodat setxattr truncate
kexec_load delete_module reboot shmat msgget set_mempolicy mlock remap_file_pages timer_create rt_tgsigqueueinfo iopl ioperm
modify_ldt fchown fchownat utimensat sched_setscheduler sched_setattr pidfd_open fork vfork
"""


@pytest.mark.parametrize("name", [name for name in BAD.split() if name in CALLS])
def test_a_forbidden_call_does_not_reach_the_kernel(payload: Session, name: str) -> None:
    assert outcome(payload, system_call(name, 0, 1, 1, 1)) == "EPERM"


@pytest.mark.parametrize(
    ("name", "reached"), [("execve", "EFAULT"), ("memfd_create", "EFAULT"), ("symlinkat", "EFAULT"), ("truncate", "EFAULT")]
)
def test_without_the_lock_the_same_bad_pointers_reach_the_kernel(control: Session, name: str, reached: str) -> None:
    assert outcome(control, system_call(name, 1, 1, 1, 1)) == reached


REACHED = {  # harmless arguments, and what the kernel itself makes of them; some answers differ for an ordinary user
    "execveat": ((-1, 1, 0, 0, 0), "EFAULT"),
    "ptrace": ((1, 0, 0, 0), "ESRCH"),
    "process_vm_readv": ((0, 0, 0, 0, 0, 1), "EINVAL"),
    "process_vm_writev": ((0, 0, 0, 0, 0, 1), "EINVAL"),
    "pidfd_send_signal": ((-1, 0, 0, 0), "EBADF"),
    "unshare": ((0,), THROUGH),
    "setns": ((-1, 0), "EBADF"),
    "mount": ((1, 1, 1, 0, 1), "EFAULT"),
    "add_key": ((1, 1, 1, 1, 1), "EFAULT"),
    "keyctl": ((9999,), "ENOTSUP"),
    "shmget": ((0, 0, 0), "EINVAL"),
    "semget": ((0, -1, 0), "EINVAL"),
    "mq_open": ((1, 0, 0, 0), "EFAULT"),
    "personality": ((0xFFFFFFFF,), THROUGH),
    "mknodat": ((-1, 1, 0, 0), "EFAULT"),
    "linkat": ((-1, 1, -1, 1, 0), "EFAULT"),
    "splice": ((-1, 0, -1, 0, 1, 0), "EBADF"),
    "chroot": ((1,), "EFAULT"),
    "setxattr": ((1, 1, 0, 0, 0), "EFAULT"),
}


@pytest.mark.parametrize("name", REACHED)
def test_a_probe_that_the_lock_refuses_gets_the_kernels_own_answer_without_it(payload: Session, control: Session, name: str) -> None:
    arguments, answer = REACHED[name]

    assert outcome(payload, system_call(name, *arguments)) == "EPERM"
    told = outcome(control, system_call(name, *arguments))
    if told == "EPERM":
        pytest.skip(f"this machine itself refuses {name}, such as a container does: no control")
    assert told in (answer, "ENOSYS")  # a kernel may be built without it


@pytest.mark.parametrize("name", ["clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register", "statmount", "listmount"])
def test_calls_that_libraries_try_first_look_absent(payload: Session, name: str) -> None:
    assert outcome(payload, system_call(name, 1, 1)) == "ENOSYS"


def test_no_character_is_pushed_into_a_terminal(payload: Session) -> None:
    assert outcome(payload, system_call("ioctl", 0, 0x5412, 1)) == "ENOTTY"
    assert outcome(payload, system_call("ioctl", 0, 0x7F00005412, 1)) == "ENOTTY"


@pytest.mark.parametrize(("option", "value"), [(1, 0), (4, 1), (8, 1), (22, 1), (24, 0), (28, 0), (47, 2), (0x59616D61, 1)])
def test_no_process_setting_is_taken_back(payload: Session, option: int, value: int) -> None:
    assert outcome(payload, system_call("prctl", option, value)) == "EPERM"


COUNTED = """
import fcntl
for n in range(256):
    try:
        fcntl.fcntl(n, 1)
        print(n)
    except OSError:
        pass
"""


def test_a_descriptor_that_leaks_into_a_start_is_closed(isolation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leaked = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leaked, True)  # noqa: FBT003
    handed: list[set[int]] = []

    def leaking(arguments: Any, environment: Any, inherited: Any, streams: Any, **further: Any) -> Child:
        handed.append({*inherited, leaked})
        return spawn(arguments, environment, handed[-1], streams, **further)

    monkeypatch.setattr(attempt, "spawn", leaking)
    with start("lorascan.sandbox.payload", QUICK, isolation=isolation, blobs={"adapter": b"x"}) as session:
        count = len(session.call("run", {"source": COUNTED}).result["output"].split())

    os.close(leaked)
    assert leaked in handed[0]
    assert count == 6  # three standard ones, two pipes, one sealed file


WORKS = {
    "threads": "import threading; t = threading.Thread(target=print); t.start(); t.join()",
    "imports": "import email.mime.text, decimal, sqlite3, asyncio",
    "random": "os.urandom(8); open('/dev/urandom', 'rb').read(1)",
    "clocks": "import time; time.sleep(0.001); time.perf_counter()",
    "own status": "open('/proc/self/status').read(); open('/proc/self/maps').read()",
    "memory": "import mmap; mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()",
    "pipes": "r, w = os.pipe(); os.write(w, b'x'); os.read(r, 1); os.close(r); os.close(w)",
    "own file": "open(os.__file__).read()",
    "signal handlers": "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.raise_signal(signal.SIGINT)",
}


@pytest.mark.parametrize("need", WORKS)
def test_what_honest_work_needs_still_works(payload: Session, need: str) -> None:
    assert outcome(payload, WORKS[need]) == THROUGH


def test_a_granted_folder_is_read_and_its_neighbour_is_not(isolation: str, tmp_path: Path) -> None:
    granted, neighbour = tmp_path / "model", tmp_path / "other"
    for folder in (granted, neighbour):
        folder.mkdir()
        (folder / "weights").write_text("w")
    tmp_path.chmod(0o700)  # also where only this user, perhaps root, may enter the folder above

    with start("lorascan.sandbox.payload", replace(QUICK, read_paths=(granted,)), isolation=isolation) as session:
        assert outcome(session, f"open({str(granted / 'weights')!r}).read()") == THROUGH
        assert outcome(session, f"open({str(granted / 'weights')!r}, 'a').close()") == "EPERM"
        assert outcome(session, f"open({str(neighbour / 'weights')!r}).read()") in ("EACCES", "ENOENT")
