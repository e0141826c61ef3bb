"""What the base answered once is not asked again; anything else is."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from lorascan.core.recall import Recall, key_of
from lorascan.sandbox import Session
from lorascan.worker.client import Worker
from tests.hunting.fakes import SHAPE

BASE = {"base": "0" * 64, "device": "cpu", "threads": 2}


def test_an_answer_is_found_again_under_the_same_request() -> None:
    """Arguments in another order are the same arguments."""
    recall = Recall()
    recall.keep(key_of(BASE, "predict", {"seed": 1, "side": 8}, [b"ids"]), [b"answer"])

    assert recall.get(key_of(BASE, "predict", {"side": 8, "seed": 1}, [b"ids"])) == (b"answer",)


@pytest.mark.parametrize(
    ("base", "operation", "arguments", "blobs"),
    [
        (BASE | {"base": "1" * 64}, "predict", {"seed": 1}, [b"ids"]),
        (BASE | {"threads": 1}, "predict", {"seed": 1}, [b"ids"]),
        (BASE, "render", {"seed": 1}, [b"ids"]),
        (BASE, "predict", {"seed": 2}, [b"ids"]),
        (BASE, "predict", {"seed": 1}, [b"sdi"]),
        (BASE, "predict", {"seed": 1}, [b"i", b"ds"]),
    ],
)
def test_another_request_is_another_answer(
    base: dict[str, object], operation: str, arguments: dict[str, object], blobs: list[bytes]
) -> None:
    """Base, device, operation, arguments and the cut between blobs all count."""
    recall = Recall()
    recall.keep(key_of(BASE, "predict", {"seed": 1}, [b"ids"]), [b"answer"])

    assert recall.get(key_of(base, operation, arguments, blobs)) is None


def test_nothing_more_is_held_than_the_limit() -> None:
    """What does not fit is left out, what is held stays."""
    recall = Recall(limit_bytes=6)
    first, second = (key_of(BASE, "render", {"seed": seed}, []) for seed in (1, 2))

    recall.keep(first, [b"four"])
    recall.keep(second, [b"four"])

    assert recall.get(first) == (b"four",)
    assert recall.get(second) is None


class CountingSession:
    """Answers every call with as many zero bytes as were asked for, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def call(self, _operation: str, _arguments: object, *, reply_sizes: list[int], **_: object) -> SimpleNamespace:
        self.calls += 1
        return SimpleNamespace(blobs=tuple(bytes(size) for size in reply_sizes), result={})


def worker_of(session: CountingSession, recall: Recall | None) -> Worker:
    return Worker(role="reference", session=cast("Session", session), shape=SHAPE, description={}, recall=recall, computed_by=BASE)


def test_a_worker_with_a_recall_asks_its_process_once() -> None:
    session, ids = CountingSession(), np.zeros((2, SHAPE.context), dtype=np.int32)
    first, second = (worker_of(session, recall) for recall in [Recall()] * 2)
    answers = [each.predict(ids, timestep=0.8, seed=5, side=4) for each in (first, second, first)]
    assert session.calls == 1
    assert all(np.array_equal(each, answers[0]) for each in answers)
    first.predict(ids, timestep=0.6, seed=5, side=4)
    assert session.calls == 2


def test_a_worker_without_a_recall_asks_every_time() -> None:
    session, ids = CountingSession(), np.zeros((2, SHAPE.context), dtype=np.int32)
    for _ in range(2):
        worker_of(session, None).predict(ids, timestep=0.8, seed=5, side=4)
    assert session.calls == 2


class NotingSession(CountingSession):
    """Notes what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.arguments: list[object] = []

    def call(self, operation: str, arguments: object, *, reply_sizes: list[int], **kept: object) -> SimpleNamespace:
        self.arguments.append(arguments)
        return super().call(operation, arguments, reply_sizes=reply_sizes, **kept)


def test_a_request_names_a_part_or_an_adapter_only_where_it_acts_alone() -> None:
    """Kept answers are found by their request: those of a usual audit have the keys that they always had."""
    session, ids = NotingSession(), np.zeros((2, SHAPE.context), dtype=np.int32)
    worker = worker_of(session, None)
    usual = {"ids": [2, SHAPE.context], "timestep": 0.8, "seed": 5, "side": 4, "scale": 1.0, "batch": 256}

    for each in (worker, replace(worker, part="unet"), replace(worker, alone="partner")):
        each.predict(ids, timestep=0.8, seed=5, side=4)

    assert session.arguments == [usual, usual | {"part": "unet"}, usual | {"alone": "partner"}]
