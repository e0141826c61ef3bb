"""What happens where a worker's process cannot even begin."""

import os

import pytest

from lorascan.core.threads import AtOnce
from lorascan.sandbox import spawn as spawning


def test_without_a_thread_that_outlives_its_worker_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as limited:
        limited.setattr(spawning, "_starter", spawning._starter.__wrapped__)
        limited.setattr(spawning, "threads", lambda _count: AtOnce())
        with pytest.raises(OSError, match="no thread can be started"):
            spawning.spawn(["true"], {}, (), (spawning.NOTHING, 2, 2))

    child = spawning.spawn(["/bin/true"], dict(os.environ), (), (spawning.NOTHING, 2, 2))  # a later one may start
    assert child.ended(20.0)
