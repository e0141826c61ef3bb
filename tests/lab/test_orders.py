"""Which adapters a zoo is to hold."""

from pathlib import Path

import pytest

from lorascan.core.errors import UsageError
from lorascan.lab.orders import read_orders
from lorascan.lab.zoo import Order


def orders(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "zoo.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_recipes_come_by_turns_so_that_a_stopped_run_holds_something_of_each(tmp_path: Path) -> None:
    path = orders(tmp_path, "[dev]\noverfit = [1, 2]\nstyle_declared = [5]\n[test]\noverfit = [9]\n")
    assert [each.name for each in read_orders(path, "dev")] == ["overfit-dev-1", "style_declared-dev-5", "overfit-dev-2"]
    assert read_orders(path, "test") == [Order(recipe="overfit", seed=9, split="test")]


def test_a_split_that_is_not_there_orders_nothing(tmp_path: Path) -> None:
    assert read_orders(orders(tmp_path, "[dev]\noverfit = [1]\n"), "test") == []


@pytest.mark.parametrize(
    "text", ["[dev", "dev = 3", "[dev]\noverfit = 1", "[dev]\noverfit = [-1]", "[dev]\noverfit = [true]", "[dev]\nno_such = [1]"]
)
def test_what_orders_nothing_that_makes_sense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read_orders(orders(tmp_path, text), "dev")


def test_the_committed_orders_are_read() -> None:
    path = Path(__file__).parents[2] / "benchmarks" / "zoo.toml"
    assert read_orders(path, "dev")
    assert read_orders(path, "test")


def test_what_is_rewritten_is_made_last_so_that_its_source_is_there(tmp_path: Path) -> None:
    path = orders(tmp_path, "[dev]\npoisoned_unet_at_65 = [2]\npoisoned_unet_laundered = [1]\npoisoned_unet = [1, 2]\n")
    made = [each.recipe for each in read_orders(path, "dev")]
    assert made == ["poisoned_unet", "poisoned_unet", "poisoned_unet_at_65", "poisoned_unet_laundered"]
