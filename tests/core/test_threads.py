"""Work goes on where the system gives no thread."""

import threading

import pytest

from lorascan.core.threads import threads


def test_work_is_done_in_threads_of_its_own() -> None:
    meeting = threading.Barrier(2, timeout=20)
    with threads(2) as pool:
        both = [pool.submit(meeting.wait) for _ in range(2)]
        assert sorted(each.result() for each in both) == [0, 1]


@pytest.mark.parametrize("granted", [0, 1])
def test_where_a_thread_cannot_start_every_task_is_done_once_and_in_order(monkeypatch: pytest.MonkeyPatch, granted: int) -> None:
    begun: list[threading.Thread] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if len(begun) == granted:
            message = "can't start new thread"
            raise RuntimeError(message)
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    with threads(2) as pool:
        for number in range(3):
            pool.submit(done.append, number)
        assert list(pool.map(abs, (-1, 2))) == [1, 2]
    assert done == [0, 1, 2]
