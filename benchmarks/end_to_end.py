"""Makes lab adapters with known truth, audits them and writes what was decided.

    python -m benchmarks.end_to_end dev     make and audit the dev split, learn the thresholds from it
    python -m benchmarks.end_to_end test    make and audit the test split, write end-to-end.md

`zoo.toml` says which. Both steps go on where they were stopped; the audit never sees the ledger.
"""

import argparse
from pathlib import Path
from typing import Any, get_args

from benchmarks.thresholds import thresholds, written
from lorascan.lab.bench.audits import audit_zoo
from lorascan.lab.bench.rows import FIRST, audits_file, is_adaptive, read_lines
from lorascan.lab.ledger import LedgerEntry, read_ledger, write_ledger
from lorascan.lab.orders import read_orders
from lorascan.lab.recipe import Split
from lorascan.lab.zoo import make_zoo

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def page(rows: list[dict[str, Any]], ledger: list[LedgerEntry]) -> str:
    """The results as Markdown: totals, one line an adapter, every miss with its reason, the attacks that failed their own gate."""
    rows, ledger = [each for each in rows if not is_adaptive(each["recipe"])], [each for each in ledger if not is_adaptive(each.recipe)]
    split = rows[0]["split"]
    honest = [each for each in rows if each["label"] == "honest"]
    bad = [each for each in rows if each["label"] == "backdoored"]
    failed = sorted((each for each in ledger if each.label == "failed"), key=lambda each: each.name)
    missed = [each for each in bad if each["decision"] != "reject" or not found_early(each)]
    alarms = [each for each in honest if each["decision"] != "admit"]
    lines = [
        "# End to end: honest and backdoored lab adapters",
        "",
        f"Split `{split}`: trigger words, targets, styles and seeds that no threshold was set on (`thresholds.json` says what",
        "they were learnt on). Every adapter went through `lorascan audit FILE` with default settings on two CPU cores, without its",
        f"ledger (`zoo-{split}/`); all but a process's first share what the base alone answers. The seconds are no timing: audits may",
        "have run beside each other and beside other work.",
        f"**{len(rows)} of the {len(ledger) - len(failed)} adapters that hold their label are audited so far.**",
        "",
        "| | figure |",
        "|---|---|",
        f"| honest rejected | {_count(honest, 'reject')} of {len(honest)} |",
        f"| honest for review | {_count(honest, 'review')} of {len(honest)} |",
        f"| honest undecided | {_count(honest, 'undecided')} of {len(honest)} |",
        f"| backdoored rejected | {_count(bad, 'reject')} of {len(bad)} |",
        f"| backdoored for review | {_count(bad, 'review')} of {len(bad)} |",
        f"| backdoored admitted | {_count(bad, 'admit')} of {len(bad)} |",
        f"| true trigger in the first {FIRST} candidates | {sum(map(found_early, bad))} of {len(bad)} |",
        f"| true trigger, or a word of a phrase, in the first {FIRST} candidates | {sum(map(_found_in_part, bad))} of {len(bad)} |",
        f"| true trigger named in a rejecting finding | {sum(each['named'] for each in bad)} of {len(bad)} |",
        f"| attacks that failed their own gate (not counted) | {len(failed)} |",
        f"| wall seconds an audit, median and largest | {_median(rows)} and {max(each['seconds'] for each in rows)} |",
        "",
        "| adapter | label | verdict | trigger | target | place | why | s |",
        "|---|---|---|---|---|---|---|---|",
        *(line(each) for each in sorted(rows, key=lambda one: (one["label"], one["name"]))),
        "",
        "## Misses and alarms",
        "",
        *(f"- `{each['name']}`: {_why_missed(each)}" for each in missed),
        *(f"- `{each['name']}` (honest, {each['decision']}): {_why(each)}" for each in alarms),
        *(["None."] if not missed and not alarms else []),
        "",
        "## Attacks that failed their own gate",
        "",
        "| adapter | rank | success | target without trigger | clean shape |",
        "|---|---|---|---|---|",
        *(_failed(each) for each in failed),
        "",
    ]
    return "\n".join(lines)


def found_early(row: dict[str, Any]) -> bool:
    """Whether the true trigger is among the first candidates."""
    return row["place"] is not None and row["place"] <= FIRST


def _found_in_part(row: dict[str, Any]) -> bool:
    return row["place of a part"] is not None and row["place of a part"] <= FIRST


def _why_missed(row: dict[str, Any]) -> str:
    """Where the true trigger was lost: in the hunt, in the choice, or by which figure."""
    if row["place"] is None and row["place of a part"] is not None:
        return f"{row['decision']}; of the phrase only a word was nominated, at place {row['place of a part']}"
    if row["place"] is None:
        return f"{row['decision']}; the trigger was never nominated"
    nominated = f"{row['decision']}; nominated at place {row['place']}"
    tests = [test for test in row["tests"] if test["trigger"] == row["trigger"]]
    if not tests:
        return f"{nominated}, not among the strongest on the selecting pictures"
    test = tests[0]
    return (
        f"{nominated}; ratio {test['effect_ratio']:.1f}, effect {test['effect']:.2f} against meaning {test['base_effect']:.2f}, "
        f"unexplained {test['unexplained']:.2f}, mismatch {test['mismatch']:.2f}, gain of the target {test['target_gain']:.2f}, "
        f"p {test['p_value']:.3f} and {test['mismatch_p_value']:.3f}"
    )


def _failed(entry: LedgerEntry) -> str:
    least = min((entry.success or {"": 0.0}).values())
    return f"| {entry.name} | {entry.rank} | {least} | {entry.target_without_trigger} | {entry.clean_shape} |"


def _why(row: dict[str, Any]) -> str:
    return "; ".join(f"{one['rule']} {one['message']}" for one in row["findings"] if one["severity"] in ("high", "medium")) or "–"


def line(each: dict[str, Any]) -> str:
    """One adapter's row of the table."""
    cells = (
        each["name"],
        each["label"],
        each["decision"],
        each["trigger"] or "–",
        each["target"] or "–",
        each["place"] or "–",
        _why(each),
        each["seconds"],
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _count(rows: list[dict[str, Any]], decision: str) -> int:
    return sum(each["decision"] == decision for each in rows)


def _median(rows: list[dict[str, Any]]) -> float:
    return sorted(float(each["seconds"]) for each in rows)[len(rows) // 2]


def main() -> None:
    """Make, audit, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end")
    parser.add_argument("split", choices=get_args(Split))
    parser.add_argument("--work", type=Path, default=Path("build/zoo"), help="takes the adapters, which are not committed")
    given = parser.parse_args()
    zoo, rows = given.work / given.split, audits_file(RESULTS, given.split)
    make_zoo(read_orders(HERE / "zoo.toml", given.split), zoo, lambda entry: print(entry.line, flush=True))
    audit_zoo(zoo, rows, lambda line: print(line, flush=True))
    truth = RESULTS / f"zoo-{given.split}"
    truth.mkdir(exist_ok=True)
    write_ledger(truth, read_ledger(zoo))
    if given.split == "dev":
        (RESULTS / "thresholds.json").write_text(written(thresholds(read_lines(rows))), encoding="utf-8")
    else:
        (RESULTS / "end-to-end.md").write_text(page(read_lines(rows), read_ledger(zoo)), encoding="utf-8")


if __name__ == "__main__":
    main()
