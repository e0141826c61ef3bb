"""Audits the lab's backdoored adapters again with their metadata taken off: an attacker need not declare anything.

    python -m benchmarks.undeclared --work build/zoo      # after `benchmarks.end_to_end test`; goes on where it was stopped

Writes results/undeclared-test.jsonl, a line an audit, and results/undeclared.md.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import RESULTS, found_early, line
from lorascan.lab.bench.bare import audit_bare, is_whole
from lorascan.lab.bench.rows import BARE, FIRST, read_lines
from lorascan.lab.ledger import read_ledger

ROWS, PAGE = RESULTS / BARE, RESULTS / "undeclared.md"


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
    entries = [each for each in read_ledger(ledger) if is_whole(each)]
    if not given.page_only:
        audit_bare(given.work / "test", ROWS, lambda told: print(told, flush=True))
    PAGE.write_text(page(read_lines(ROWS), len(entries)), encoding="utf-8")


if __name__ == "__main__":
    main()
