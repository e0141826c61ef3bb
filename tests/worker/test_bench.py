"""Two workers at once: both end when nobody waits for them any more."""

import threading
import time
from types import SimpleNamespace
from typing import cast

import pytest

from lorascan.core.errors import StageFailed
from lorascan.deadline import deadline
from lorascan.worker.bench import Bench
from lorascan.worker.client import Worker


class Working:
    """A worker that answers only when it is killed."""

    def __init__(self) -> None:
        self.killed = threading.Event()
        self.session = SimpleNamespace(kill=self.killed.set)

    def answer(self) -> str:
        assert self.killed.wait(20), "nobody ended it"
        return "late"


def bench_of(first: Working, second: Working) -> Bench:
    return Bench(reference=cast("Worker", first), adapted=cast("Worker", second), base_folder=cast("object", None), family="lab")  # type: ignore[arg-type]


def test_both_workers_are_killed_when_the_time_is_over() -> None:
    first, second = Working(), Working()
    began = time.monotonic()
    with pytest.raises(StageFailed, match="longer than"), deadline(0.2):
        bench_of(first, second).apart(first.answer, second.answer)
    assert time.monotonic() - began < 5
    assert first.killed.is_set()
    assert second.killed.is_set()


def test_an_error_of_one_worker_leaves_the_other_alone() -> None:
    first, second = Working(), Working()

    def fails() -> str:
        message = "its own"
        raise ValueError(message)

    with pytest.raises(ValueError, match="its own"):
        bench_of(first, second).apart(fails, lambda: "done")
    assert not first.killed.is_set()
    assert not second.killed.is_set()
