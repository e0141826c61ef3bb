"""What a worker does to its parent is bounded, named and ends the worker."""

import time
from dataclasses import replace

import pytest

from lorascan.sandbox import WorkerDied, WorkerFailed, WorkerLied, WorkerTimedOut, outside, start
from tests.sandbox.conftest import QUICK

PROGRAM = "tests.sandbox.programs.misbehave"
SMALL = replace(QUICK, memory_bytes=300 * 2**20, chatter_bytes=2**20, frames=5000)
SILENT = ("hang", "short frame")

DEEDS = [
    ("segfault", WorkerDied, "SIGSEGV"),
    ("abort", WorkerDied, "SIGABRT"),
    ("forbidden architecture", WorkerDied, "SIGSYS"),
    ("leave", WorkerDied, "code 0"),
    ("close pipes", WorkerDied, "closed its pipes"),
    ("hang", WorkerTimedOut, "silent"),
    ("short frame", WorkerTimedOut, "silent"),
    ("flood output", WorkerLied, "flooded"),
    ("flood errors", WorkerLied, "flooded"),
    ("flood progress", WorkerLied, "too many frames"),
    ("huge length", WorkerLied, "RESULT frame of"),
    ("huge blob", WorkerLied, "blob of"),
    ("no frame", WorkerLied, "not a frame"),
    ("another hello", WorkerLied, "HELLO"),
    ("deep", WorkerLied, "deeper"),
    ("not a number", WorkerLied, "NaN"),
    ("a pickle", WorkerLied, "utf-8"),
    ("a list", WorkerLied, "no object"),
    ("progress not finite", WorkerLied, "progress outside"),
]
IN_A_CONTAINER: dict[str, tuple[type[Exception], str]] = {
    "close pipes": (WorkerTimedOut, "silent"),  # the engine's client holds the other ends open
    "abort": (WorkerDied, "SIGSEGV|SIGABRT"),  # the first process of a container is not ended by a signal of its own
}


@pytest.mark.usefixtures("descriptors_kept")
@pytest.mark.parametrize(("deed", "error", "words"), DEEDS, ids=[deed for deed, _, _ in DEEDS])
def test_a_misdeed_ends_the_worker_and_is_named(isolation: str, deed: str, error: type[Exception], words: str) -> None:
    if isolation == "container":
        error, words = IN_A_CONTAINER.get(deed, (error, words))
    lock = replace(SMALL, idle_seconds=3.0) if deed in SILENT or isolation == "container" else SMALL
    with start(PROGRAM, lock, isolation=isolation) as session:
        assert session.call("echo", {"a": 1}).result == {"arguments": {"a": 1}}  # the control: it answers when it behaves

        with pytest.raises(error, match=words) as caught:
            session.call(deed, {})

        assert "::" not in str(caught.value)
        with pytest.raises(WorkerDied, match="gone"):
            session.call("echo", {})


def test_private_memory_is_bounded_by_the_kernel(isolation: str) -> None:
    with (
        start(PROGRAM, SMALL, isolation=isolation) as session,
        pytest.raises(WorkerFailed, match="MemoryError"),
    ):
        session.call("bomb", {})


def test_shared_memory_which_no_limit_counts_is_refused(isolation: str) -> None:
    with start(PROGRAM, SMALL, isolation=isolation) as session, pytest.raises(WorkerFailed, match="Operation not permitted"):
        session.call("shared bomb", {})


def test_memory_is_bounded_by_the_watching_parent_where_the_kernel_lets_it_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with start(PROGRAM, SMALL, isolation="none") as session:
        with pytest.raises(WorkerDied, match="bytes of memory"):
            session.call("shared bomb", {})

        assert 300 * 2**20 < session.peak_memory_bytes < 2 * 2**30


def test_threads_are_bounded(isolation: str) -> None:
    with (
        start(PROGRAM, QUICK, isolation=isolation) as session,
        pytest.raises(WorkerFailed, match=r"RuntimeError.*thread"),
    ):
        session.call("thread bomb", {})


def test_processor_time_is_bounded_by_the_kernel(isolation: str) -> None:
    ended_by = "SIGKILL" if isolation == "container" else "SIGXCPU"  # which the first process of a container ignores
    with start(PROGRAM, replace(QUICK, cpu_seconds=2), isolation=isolation) as session, pytest.raises(WorkerDied, match=ended_by):
        session.call("spin", {})


def test_the_whole_life_is_bounded_even_while_frames_come(isolation: str) -> None:
    with start(PROGRAM, replace(QUICK, wall_seconds=1.0, frames=10**9), isolation=isolation) as session:
        began = time.monotonic()
        with pytest.raises(WorkerTimedOut, match="whole time"):
            session.call("flood progress", {})

        assert time.monotonic() - began < 10


def test_a_worker_that_speaks_unasked_is_not_believed(isolation: str) -> None:
    with start(PROGRAM, QUICK, isolation=isolation) as session:
        session.call("speak unasked", {})

        with pytest.raises(WorkerLied, match="too many frames"):
            session.call("echo", {})


def test_an_exception_is_told_before_the_worker_ends(isolation: str) -> None:
    with start(PROGRAM, QUICK, isolation=isolation) as session:
        with pytest.raises(WorkerFailed, match="ValueError: deliberate"):
            session.call("crash", {})
        with pytest.raises(WorkerDied, match="code 1"):
            session.call("echo", {})


def test_a_clean_failure_leaves_the_worker_alive_and_its_words_harmless(isolation: str) -> None:
    with start(PROGRAM, QUICK, isolation=isolation) as session:
        with pytest.raises(WorkerFailed) as caught:
            session.call("fail", {})
        with pytest.raises(WorkerFailed, match="3,"):
            session.call("wrong size", {}, reply_sizes=[4])

        assert str(caught.value) == r"no such thing / : :error: :pwned\u{1b}[31m"
        assert session.call("echo", {}).result == {"arguments": {}}


def test_blobs_of_any_size_travel_both_ways_with_progress(isolation: str) -> None:
    blobs = [b"", b"x", bytes(3_000_000)]
    told = []
    with start(PROGRAM, QUICK, isolation=isolation) as session:
        reply = session.call(
            "echo",
            {"n": [1, 2.5, None]},
            blobs=blobs,
            reply_sizes=[0, 1, 3_000_000],
            progress=lambda share, text: told.append((share, text)),
        )

    assert reply.blobs == tuple(blobs)
    assert reply.result == {"arguments": {"n": [1, 2.5, None]}}
    assert told == [(0.5, r"half\u{1b}[31m way")]


def test_sealed_bytes_arrive_read_only(isolation: str) -> None:
    with start(PROGRAM, QUICK, isolation=isolation, blobs={"adapter": b"weights", "empty": b""}) as session:
        reply = session.call("sealed", {}, reply_sizes=[7])

    assert reply.blobs == (b"weights",)
    assert reply.result == {"readonly": True, "names": ["adapter", "empty"]}


def test_an_answer_larger_than_the_lock_allows_is_not_even_asked_for(isolation: str) -> None:
    with (
        start(PROGRAM, replace(QUICK, reply_bytes=10), isolation=isolation) as session,
        pytest.raises(ValueError, match="more than the 10"),
    ):
        session.call("echo", {}, reply_sizes=[11])


STARTS = [
    ("crash", WorkerFailed, "deliberate"),
    ("segfault", WorkerDied, "SIGSEGV"),
    ("leave", WorkerDied, "code 0"),
    ("hang", WorkerTimedOut, "time was used up"),
    ("flood output", WorkerLied, "flooded"),
    ("huge length", WorkerLied, "READY may come"),
    ("no frame", WorkerLied, "not a frame"),
]


@pytest.mark.usefixtures("descriptors_kept")
@pytest.mark.parametrize(("deed", "error", "words"), STARTS, ids=[deed for deed, _, _ in STARTS])
def test_a_program_that_misbehaves_while_it_prepares_never_gets_ready(
    isolation: str, deed: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        start(PROGRAM, replace(SMALL, start_seconds=10 if deed == "hang" else 120), isolation=isolation, arguments={"at_start": deed})


@pytest.mark.usefixtures("descriptors_kept")
@pytest.mark.parametrize(("deed", "error", "words"), [each for each in STARTS if each[0] in ("crash", "segfault", "leave")])
def test_a_worker_that_dies_before_its_lock_was_looked_at_is_dead_and_not_unlocked(
    monkeypatch: pytest.MonkeyPatch, isolation: str, deed: str, error: type[Exception], words: str
) -> None:
    look = outside.innermost

    def late(process: int) -> int:
        time.sleep(1.0)
        return look(process)

    monkeypatch.setattr(outside, "innermost", late)

    with pytest.raises(error, match=words):
        start(PROGRAM, SMALL, isolation=isolation, arguments={"at_start": deed})
