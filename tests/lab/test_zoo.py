"""A zoo is made in parallel and goes on where it was stopped."""

import multiprocessing
import time
from dataclasses import replace
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lorascan.core.errors import UsageError
from lorascan.lab import zoo
from lorascan.lab.assets import adapters_folder
from lorascan.lab.ledger import LedgerEntry, read_ledger
from lorascan.lab.zoo import Order, make_zoo

KNOWN = read_ledger(adapters_folder())[0]
ORDERS = [Order(recipe="overfit", seed=seed, split="dev") for seed in range(5)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were made, in threads instead of processes, and without training."""
    names: list[str] = []

    def one(order: Order, _: Path) -> LedgerEntry:
        names.append(order.name)
        time.sleep(0.01 * (5 - order.seed))
        if order.seed == 3:
            raise UsageError("cannot be made")
        return replace(KNOWN, name=order.name, seed=order.seed)

    def pool(processes: int, **_: Any) -> ThreadPool:
        return ThreadPool(processes)

    monkeypatch.setattr(zoo, "_make_one", one)
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: SimpleNamespace(Pool=pool))
    return names


def test_what_the_ledger_knows_is_not_made_again(tmp_path: Path, made: list[str]) -> None:
    told: list[str] = []
    make_zoo(ORDERS[:2], tmp_path, lambda entry: told.append(entry.name), 2)
    make_zoo(ORDERS[:3], tmp_path, lambda entry: told.append(entry.name), 2)

    assert sorted(made) == sorted(told) == [each.name for each in ORDERS[:3]]
    assert sorted(entry.name for entry in read_ledger(tmp_path)) == sorted(told)


def test_a_whole_zoo_starts_no_process(tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make_zoo(ORDERS[:2], tmp_path, lambda _: None, 2)
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: pytest.fail("a process was started"))
    make_zoo(ORDERS[:2], tmp_path, lambda _: None, 2)
    assert len(made) == 2


def test_one_that_cannot_be_made_ends_the_run_and_loses_nothing_that_was_told(tmp_path: Path, made: list[str]) -> None:
    told: list[str] = []
    with pytest.raises(UsageError, match="cannot be made"):
        make_zoo(ORDERS, tmp_path, lambda entry: told.append(entry.name), 2)

    assert ORDERS[3].name in made
    assert [entry.name for entry in read_ledger(tmp_path)] == told
