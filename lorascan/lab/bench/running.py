"""Runs the benchmark: makes, audits and describes what is missing, writes the table."""

import json
from collections.abc import Callable
from pathlib import Path

from lorascan.core.atomic import write_atomically
from lorascan.core.errors import UsageError
from lorascan.lab.bench.page import page
from lorascan.lab.bench.rows import BARE, audits_file, features_file, ledger_folder
from lorascan.lab.bench.table import table
from lorascan.lab.ledger import read_ledger, write_ledger
from lorascan.lab.recipe import Split

SPLITS: tuple[Split, ...] = ("dev", "test")
"""In this order: what is learnt on dev is learnt before test is looked at."""

Told = Callable[[str], None]


def complete(results: Path, work: Path, orders: Path, told: Told, *, jobs: int, limit: int | None = None) -> None:
    """Make the ordered adapters that `work` lacks, audit and describe those without a row, and copy the truth to the results.

    In the end the test split's backdoors are audited with their metadata taken off. limit: audits of this call at most.

    Raises UsageError for orders that cannot be read.
    """
    from lorascan.lab.bench.audits import audit_zoo
    from lorascan.lab.bench.bare import audit_bare
    from lorascan.lab.bench.describing import describe_zoo
    from lorascan.lab.orders import read_orders
    from lorascan.lab.zoo import make_zoo

    for split in SPLITS:
        zoo, truth = work / split, ledger_folder(results, split)
        make_zoo(read_orders(orders, split), zoo, lambda entry: told(entry.line), jobs)
        truth.mkdir(parents=True, exist_ok=True)
        write_ledger(truth, read_ledger(zoo))
        describe_zoo(zoo, features_file(results, split), told)
        done = audit_zoo(zoo, audits_file(results, split), told, limit)
        limit = None if limit is None else limit - done
    audit_bare(work / SPLITS[-1], results / BARE, told, limit)


def write_table(results: Path, told: Callable[[str], object] = str) -> tuple[Path, Path]:
    """Write detection.json and detection.md from the rows, a line told as each part begins.

    Raises UsageError where there are none or they cannot be read.
    """
    if not all(audits_file(results, split).exists() for split in SPLITS):
        raise UsageError(f"no rows in {results}: `lorascan lab bench` without --only-table makes them, in hours")
    whole = table(results, told)
    paths = results / "detection.json", results / "detection.md"
    write_atomically(paths[0], json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    write_atomically(paths[1], page(whole))
    return paths
