"""Makes a whole zoo, two adapters at a time."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lorascan.core.errors import UsageError
from lorascan.lab.ledger import LedgerEntry, append_entry, read_ledger
from lorascan.lab.recipe import Split

PROCESSES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One adapter to be made."""

    recipe: str
    seed: int
    split: Split

    @property
    def name(self) -> str:
        """File name without suffix; it says nothing about the label beyond the recipe."""
        return f"{self.recipe}-{self.split}-{self.seed}"


def _make_one(order: Order, folder: Path) -> LedgerEntry:
    """Runs in a process of its own, with one thread."""
    import torch

    from lorascan.lab.make import make

    torch.set_num_threads(1)
    return make(order.recipe, order.seed, order.split, folder / f"{order.name}.safetensors")


def make_zoo(orders: list[Order], folder: Path, told: Callable[[LedgerEntry], None], processes: int = PROCESSES) -> None:
    """Make what the folder's ledger lacks; a stopped run goes on where it was.

    Args:
        orders: in the order in which they are started.
        folder: takes the files and the ledger.
        told: called with each entry once it is in the ledger.
        processes: at once, one thread each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = {entry.name for entry in read_ledger(folder)}
    wanted = [order for order in orders if order.name not in there]
    if not wanted:
        return
    # OpenMP reads it when the children start.
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    # An interrupt is the parent's to answer: it ends them.
    ignoring = signal.SIGINT, signal.SIG_IGN
    with context.Pool(min(processes, len(wanted)), initializer=signal.signal, initargs=ignoring, maxtasksperchild=4) as pool:
        waiting = [pool.apply_async(_make_one, (order, folder)) for order in wanted]
        while waiting:
            waiting[0].wait(0.5)
            for result in [r for r in waiting if r.ready()]:
                entry = result.get()
                append_entry(folder, entry)
                told(entry)
                waiting.remove(result)


def parse_order(text: str, split: Split) -> Order:
    """Read "recipe:seed". Raises UsageError for anything else."""
    from lorascan.lab.make import recipe_named

    recipe, _, seed = text.partition(":")
    if not seed.isdecimal():
        message = f"{text!r} is no order; write RECIPE:SEED, such as poisoned_unet:3"
        raise UsageError(message)
    return Order(recipe=recipe_named(recipe).name, seed=int(seed), split=split)
