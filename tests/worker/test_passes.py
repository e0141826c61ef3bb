"""What an audit costs is counted where the networks are asked."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from lorascan.core.errors import StageFailed
from lorascan.core.recall import Recall
from lorascan.sandbox import Session, WorkerDied
from lorascan.worker.client import Worker
from tests.hunting.fakes import SHAPE

BASE = {"base": "0" * 64}


class Answering:
    """Answers with zeros."""

    def call(self, *_: Any, reply_sizes: list[int], **__: Any) -> SimpleNamespace:
        return SimpleNamespace(blobs=[bytes(size) for size in reply_sizes])


class Dying:
    """Ends at the first call."""

    def call(self, *_: Any, **__: Any) -> SimpleNamespace:
        raise WorkerDied("gone")


def worker(session: object, recall: Recall | None = None) -> Worker:
    return Worker(role="reference", session=cast("Session", session), shape=SHAPE, description={}, recall=recall, computed_by=BASE)


def test_texts_latents_and_pictures_are_counted_by_network() -> None:
    one = worker(Answering())
    one.predict(np.zeros((3, SHAPE.context), dtype=np.int32), timestep=0.5, seed=0, side=SHAPE.side)
    one.encode(np.zeros((5, SHAPE.context), dtype=np.int32), np.zeros((5, 1), dtype=np.int32))
    one.render(["a", "b"], [0, 1])
    one.embed_texts(["a"])

    assert one.passes == {"text encoder": 3 + 5 + 2, "denoiser": 3 + 2 * SHAPE.steps, "picture decoder": 2, "scorer": 1}


def test_a_guided_step_passes_the_denoiser_twice() -> None:
    one = replace(worker(Answering()), shape=replace(SHAPE, guidance=3.0))
    one.render(["a"], [0])
    assert one.passes["denoiser"] == 2 * SHAPE.steps


def test_what_was_answered_before_is_not_counted_again() -> None:
    recall = Recall()
    for _ in range(2):
        one = worker(Answering(), recall)
        one.embed_texts(["a", "b"])
    assert one.passes == {}


def test_a_call_that_failed_is_not_counted() -> None:
    one = worker(Dying())
    with pytest.raises(StageFailed):
        one.embed_texts(["a"])
    assert one.passes == {}
