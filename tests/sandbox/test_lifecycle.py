"""Workers end with their parents, run side by side, and leave nothing behind."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from lorascan.sandbox import Session, WorkerTimedOut, launch, outside, start
from tests.sandbox.conftest import QUICK, descriptors

PROGRAM = "tests.sandbox.programs.misbehave"
ROOT = Path(__file__).resolve().parents[2]

PARENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's children ignore it
from lorascan.sandbox import Lock, outside, start
with start({program!r}, Lock(), isolation=sys.argv[1]) as session:
    session.call("echo", {{}})
    below = [session._child._process.pid]
    while (inner := outside.children(below[-1])):
        below.append(inner[0])
    print(*below, flush=True)
    {then}
"""


def canaries() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("lorascan-canary-*"))


def gone(processes: list[int], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(alive(each) for each in processes):
            return True
        time.sleep(0.02)
    return False


def alive(process: int) -> bool:
    return outside.status(process).get("State", "Z")[0] not in "ZX"


def parent(isolation: str, then: str) -> "subprocess.Popen[str]":
    code = PARENT.format(program=PROGRAM, then=then)
    return subprocess.Popen([sys.executable, "-c", code, isolation], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process: "subprocess.Popen[str]") -> list[int]:
    """The ids of the processes below a parent."""
    assert process.stdout is not None
    return [int(each) for each in process.stdout.readline().split()]


@pytest.mark.parametrize("then", ["session.call('hang', {})", "time.sleep(60)"])
def test_a_worker_dies_with_its_killed_parent(isolation: str, then: str) -> None:
    with parent(isolation, then) as process:
        processes = told(process)
        time.sleep(0.3)
        assert processes
        assert all(alive(each) for each in processes)  # the control

        process.kill()

        assert gone(processes)


def test_an_interrupted_parent_leaves_nothing_behind(isolation: str) -> None:
    with parent(isolation, "session.call('hang', {})") as process:
        processes = told(process)
        time.sleep(0.3)

        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

        assert "KeyboardInterrupt" in errors
        assert process.returncode == -signal.SIGINT
        assert gone(processes, 5.0)


def test_a_worker_outlives_the_thread_that_started_it(isolation: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        session = pool.submit(start, PROGRAM, QUICK, isolation=isolation).result()

    with session:
        time.sleep(0.2)
        assert session.call("echo", {}).result == {"arguments": {}}


@pytest.mark.usefixtures("descriptors_kept", "own_temporary_folder")
def test_nothing_is_left_behind(isolation: str) -> None:
    start(PROGRAM, QUICK, isolation=isolation).close()  # the starter thread of this process exists from here on
    files, kept, others = canaries(), descriptors(), set(outside.children(os.getpid()))

    session = start(PROGRAM, QUICK, isolation=isolation, blobs={"adapter": b"x"})
    worker = session._child.worker
    assert alive(worker)
    assert set(outside.children(os.getpid())) - others  # the control: a thread of ours started it
    with contextlib.suppress(KeyError), session:
        raise KeyError
    session.close()

    assert gone([worker], 5.0)
    assert set(outside.children(os.getpid())) <= others
    assert canaries() <= files
    assert descriptors() == kept


@pytest.mark.usefixtures("descriptors_kept")
def test_a_start_that_is_never_waited_for_leaves_nothing_behind(isolation: str) -> None:
    with launch(PROGRAM, QUICK, isolation=isolation) as pending:
        assert pending._attempt is not None
        worker = pending._attempt.child.worker

    assert gone([worker], 5.0)
    with pytest.raises(RuntimeError, match="closed"):
        pending.ready()


def test_two_workers_start_and_answer_side_by_side(isolation: str) -> None:
    pending = [launch(PROGRAM, QUICK, isolation=isolation, blobs={"adapter": name}) for name in (b"first", b"second")]
    sessions = [each.ready() for each in pending]
    together = threading.Barrier(2)

    def ask(session: Session) -> list[bytes]:
        together.wait()
        return [session.call("sealed", {}, reply_sizes=[size]).blobs[0] for size in [session_sizes[id(session)]] * 20]

    session_sizes = {id(sessions[0]): 5, id(sessions[1]): 6}
    with sessions[0], sessions[1], ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, sessions))

    assert answers == [[b"first"] * 20, [b"second"] * 20]


def test_one_worker_that_hangs_does_not_hold_up_another(isolation: str) -> None:
    with (
        start(PROGRAM, replace(QUICK, idle_seconds=5), isolation=isolation) as first,
        start(PROGRAM, QUICK, isolation=isolation) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        hanging = pool.submit(first.call, "hang", {})
        second.call("echo", {})

        assert not hanging.done()
        with pytest.raises(WorkerTimedOut):
            hanging.result()


def test_workers_do_not_see_each_other(isolation: str) -> None:
    source = "import os\ntry:\n    open('/proc/{process}/status')\n    print('seen')\nexcept OSError as error: print(error.errno)"
    with start("lorascan.sandbox.payload", QUICK, isolation=isolation) as one, start(PROGRAM, QUICK, isolation=isolation) as other:
        other_process = other._child.worker
        assert outside.status(other_process)  # the control

        said = one.call("run", {"source": source.format(process=other_process)}).result["output"].strip()

    assert said in ("2", "13")


def test_the_command_line_and_environment_of_a_worker_hold_no_adapter(isolation: str) -> None:
    with start(PROGRAM, QUICK, isolation=isolation, blobs={"adapter": b"s3cret-bytes"}, arguments={"word": "t0p"}) as session:
        worker = Path(f"/proc/{session._child.worker}")
        said = (worker / "cmdline").read_bytes()

    assert b"misbehave" not in said
    assert b"s3cret" not in said
    assert b"t0p" not in said
