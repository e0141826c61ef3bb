"""What the workers of an audit are locked with, and what becomes of a breach."""

import random
from pathlib import Path

import pytest

from benchmarks.sandbox_faults import FAULTS, NOTHING, faults, run
from lorascan.core.errors import Unavailable, UsageError
from lorascan.core.findings import Decision
from lorascan.sandbox import nvidia
from lorascan.settings import WorkerLimits, settings_of
from lorascan.worker.lock import backend_of, devices_of, lock_for

BREACHES = {
    "memory": ("bomb", "WorkerFailed"),
    "threads": ("thread bomb", "WorkerFailed"),
    "silence": ("hang", "WorkerTimedOut"),
    "output": ("flood errors", "WorkerLied"),
    "frames": ("flood progress", "WorkerLied"),
    "a forbidden call": ("forbidden architecture", "WorkerDied"),
    "death": ("abort", "WorkerDied"),
    "a lie": ("a pickle", "WorkerLied"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_every_breach_is_a_finding_about_the_audit_and_never_an_admit(breach: str) -> None:
    fault, error = BREACHES[breach]

    assert run(random.Random(0), "auto", fault) == (error, Decision.UNDECIDED)


def test_a_worker_that_does_its_work_breaches_nothing() -> None:
    assert run(random.Random(0), "auto", NOTHING) == ("", Decision.ADMIT)


def test_twenty_runs_with_faults_at_random_leave_nothing_behind_and_never_admit() -> None:
    tally = faults(1, 20, told=lambda _: None)

    assert tally.runs == 20 == sum(tally.by_fault.values())
    assert set(tally.by_fault) <= set(FAULTS)
    assert tally.left == {"processes": 0, "descriptors": 0, "files": 0}
    assert tally.admitted == 0
    assert tally.unexplained == []


def test_to_go_without_isolation_takes_a_long_word() -> None:
    with pytest.raises(UsageError, match="none-at-my-own-risk"):
        settings_of(isolation="none")

    assert backend_of(settings_of(isolation="none-at-my-own-risk")) == "none"
    assert backend_of(settings_of()) == "auto"


def test_a_lock_opens_the_models_and_their_cache_entry_and_nothing_else(tmp_path: Path) -> None:
    plain, cached = tmp_path / "plain", tmp_path / "models--a--b" / "snapshots" / ("0" * 40)
    for folder in (plain, cached):
        folder.mkdir(parents=True)
    limits = WorkerLimits(memory_bytes=2**30, idle_seconds=5)

    lock = lock_for(limits, (plain, cached))

    assert lock.read_paths == (plain, cached, tmp_path / "models--a--b")
    assert (lock.memory_bytes, lock.idle_seconds, lock.threads) == (2**30, 5, 1)


def test_a_gpu_that_is_not_there_is_named_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia, "nodes", lambda: ())
    monkeypatch.setattr(nvidia, "missing", lambda: "no NVIDIA GPU at hand: /dev/nvidiactl missing")

    assert devices_of(settings_of(device="cpu")) == devices_of(settings_of()) == ()
    with pytest.raises(Unavailable, match="--device cuda: no NVIDIA GPU at hand") as refused:
        devices_of(settings_of(device="cuda"))
    assert "--device cpu" in refused.value.remedy
