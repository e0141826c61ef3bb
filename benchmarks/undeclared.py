"""Audits the lab's backdoored adapters again with their metadata taken off: an attacker need not declare anything.

    python -m benchmarks.undeclared --work build/zoo      # after `benchmarks.end_to_end test`; goes on where it was stopped

Writes results/undeclared-test.jsonl, a line an audit, and results/undeclared.md.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import RESULTS, found_early, line
from lorascan.auditing import audit
from lorascan.core.recall import Recall
from lorascan.lab.bench.audits import audited_row
from lorascan.lab.bench.rows import FIRST, append_line, read_lines
from lorascan.lab.ledger import LedgerEntry, read_ledger

ROWS, PAGE = RESULTS / "undeclared-test.jsonl", RESULTS / "undeclared.md"


def bare(content: bytes) -> bytes:
    """A safetensors file without its metadata; the tensors are the same bytes."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    written = json.dumps(header, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return len(written).to_bytes(8, "little") + written + content[8 + length :]


def run(zoo: Path, entries: list[LedgerEntry]) -> None:
    """Audit the bare copy of every adapter that has no row yet."""
    done, recall = {each["name"] for each in read_lines(ROWS)}, Recall()
    (zoo / "bare").mkdir(exist_ok=True)
    for entry in entries:
        if entry.name in done:
            continue
        path = zoo / "bare" / entry.file
        path.write_bytes(bare((zoo / entry.file).read_bytes()))
        began = time.perf_counter()
        report = audit(path, recall=recall)
        found = audited_row(entry, report, time.perf_counter() - began)
        append_line(ROWS, found)
        print(f"{found['decision']:<10} {entry.name:<34} place {found['place']} {found['seconds']} s", flush=True)


def page(rows: list[dict[str, Any]], whole: int) -> str:
    """The rows as Markdown."""
    told = {decision: sum(each["decision"] == decision for each in rows) for decision in ("reject", "review", "admit", "undecided")}
    return "\n".join(
        [
            "# The same backdoors, undeclared",
            "",
            "The backdoored adapters of the `test` split with their metadata taken off: the honest-looking cover that each declares in",
            "[end-to-end.md](end-to-end.md) is declared no more, so that its word is an undeclared activator too. Where nothing is",
            "declared the hunt tells independent effects apart, one after the other (lorascan/hunting/peeling.py); before it did, the",
            "only one that had been tried so, `poisoned_unet-dev-6`, was admitted. No threshold was set on these.",
            f"**{len(rows)} of {whole} are audited so far.**",
            "",
            "| | figure |",
            "|---|---|",
            *(f"| {decision} | {count} of {len(rows)} |" for decision, count in told.items()),
            f"| true trigger in the first {FIRST} candidates | {sum(map(found_early, rows))} of {len(rows)} |",
            f"| true trigger named in a rejecting finding | {sum(each['named'] for each in rows)} of {len(rows)} |",
            "",
            "| adapter | label | verdict | trigger | target | place | why | s |",
            "|---|---|---|---|---|---|---|---|",
            *(line(each) for each in sorted(rows, key=lambda one: one["name"])),
            "",
        ]
    )


def main() -> None:
    """Audit, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.undeclared")
    parser.add_argument("--work", type=Path, default=Path("build/zoo"), help="where `benchmarks.end_to_end` made the adapters")
    parser.add_argument("--page-only", action="store_true", help="write the page from the rows that are there")
    given = parser.parse_args()
    ledger = RESULTS / "zoo-test" if given.page_only else given.work / "test"
    entries = [each for each in read_ledger(ledger) if each.label == "backdoored"]
    if not given.page_only:
        run(given.work / "test", entries)
    PAGE.write_text(page(read_lines(ROWS), len(entries)), encoding="utf-8")


if __name__ == "__main__":
    main()
