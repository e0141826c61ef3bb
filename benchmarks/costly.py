"""Runs the costly baselines on a fixed subset of lab adapters.

    python -m benchmarks.costly --zoo DIR     DIR holds dev/ and test/ with their ledgers, as `lorascan lab zoo` makes them

`costly.toml` says which adapters and how many denoiser passes. Appends a line an adapter and method to results/costly.jsonl and goes
on where it was stopped. The files are of our own lab: they are loaded here, without a lock.
"""

import argparse
import time
import tomllib
from pathlib import Path
from typing import Any

import torch

from benchmarks.end_to_end import HERE, RESULTS
from lorascan.lab.adapt import Update, merged
from lorascan.lab.baselines._modules import Module, read_modules
from lorascan.lab.baselines.costly import CostlyBaseline, costly_baselines
from lorascan.lab.baselines.costly._asked import Asked
from lorascan.lab.baselines.costly._prompts import prompts_for
from lorascan.lab.bench.costly import ROWS
from lorascan.lab.bench.rows import append_line, read_lines
from lorascan.lab.gates import Base
from lorascan.lab.ledger import LedgerEntry, read_ledger
from lorascan.lab.make import load_parts

ORDERS = HERE / "costly.toml"
SPLITS = ("dev", "test")
Kept = dict[str, tuple[Any, int]]


def update_of(module: Module) -> Update:
    """A module as `merged` takes it: its scaling is in its factors already."""
    component, _, path = module.path.partition(".")
    return Update(
        component="unet" if component == "unet" else "text_encoder",
        module_path=path,
        down=torch.from_numpy(module.down).float(),
        up=torch.from_numpy(module.up).float(),
        alpha=float(len(module.down)),
    )


def wanted(orders: dict[str, Any], zoo: Path) -> list[tuple[LedgerEntry, Path]]:
    """The ordered adapters with their files, dev first. Raises KeyError for one that the zoo's ledger lacks."""
    found = []
    for split in SPLITS:
        truth = {entry.name: entry for entry in read_ledger(zoo / split)}
        found += [(truth[name], zoo / split / truth[name].file) for name in orders[split]]
    return found


def asks(method: CostlyBaseline, entry: LedgerEntry) -> bool:
    """Whether the method looks at this adapter: of dev a fitted one alone, with the trigger at backdoored ones alone."""
    if entry.split == "dev":
        return method.fitted
    return entry.label == "backdoored" or not method.given_trigger


def row(method: CostlyBaseline, entry: LedgerEntry, models: tuple[Base, Base], orders: dict[str, Any], kept: Kept) -> dict[str, Any]:
    """One method's numbers of one adapter, what it asked, and the CPU seconds it took."""
    prompts, labels = prompts_for(entry, orders["prompts"]) if method.given_trigger else ([], [])
    budget = orders["most"] * len(prompts) if method.given_trigger else orders["passes"]
    asked = Asked(base=models[0], adapted=models[1], budget=budget, seed=orders["seed"], kept=kept)
    began = time.process_time()
    numbers = method.score(asked, prompts)
    seconds = time.process_time() - began
    return {
        "name": entry.name,
        "sha256": entry.sha256,
        "passes": asked.passes,
        "seconds": round(seconds, 2),
        "numbers": [round(number, 6) for number in numbers],
        **({"labels": labels} if labels else {}),
    }


def run(zoo: Path, rows: Path) -> None:
    """Every method on every adapter that has no line yet, adapter by adapter."""
    torch.set_num_threads(1)
    orders = tomllib.loads(ORDERS.read_text(encoding="utf-8"))
    done = {(line["sha256"], line["method"]) for line in read_lines(rows)}
    base, kept = load_parts(), dict[str, Kept]()
    for entry, path in wanted(orders, zoo):
        names = [name for name, each in costly_baselines().items() if asks(each, entry) and (entry.sha256, name) not in done]
        adapted = merged(base, [update_of(module) for module in read_modules(path)]) if names else base
        for name in names:
            found = row(costly_baselines()[name], entry, (base, adapted), orders, kept.setdefault(name, {}))
            append_line(rows, {"method": name, **found})
            print(f"{entry.label:<11} {entry.name:<36} {name:<20} {found['seconds']} s {found['numbers'][:2]}", flush=True)


def main() -> None:
    """Run what is left."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.costly", description=__doc__)
    parser.add_argument("--zoo", type=Path, required=True)
    given = parser.parse_args()
    run(given.zoo, RESULTS / ROWS)


if __name__ == "__main__":
    main()
