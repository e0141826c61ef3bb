"""Reads the committed rows of audits and features, joined with the truth."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lorascan.core.behaviour import TriggerTest
from lorascan.core.errors import UsageError
from lorascan.detectors._margins import score
from lorascan.lab.ledger import LedgerEntry, read_ledger
from lorascan.lab.orders import known_recipes

BARE = "undeclared-test.jsonl"
"""Audits of the test split's backdoors with their metadata taken off."""
FIRST = 10
"""Candidates that count as found."""
_TEST_FIELDS = {each.name for each in dataclasses.fields(TriggerTest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One audited adapter: what is true of it, what was decided, and what the baselines see of it.

    place: rank of the true trigger among the candidates, part_place: of it or of a word of it; None where it was not nominated.
    named: whether a rejecting finding quotes the true trigger. stages: wall seconds of a stage; passes: forward passes by
    kind, empty in rows that were written before they were counted.
    """

    truth: LedgerEntry
    decision: str
    tests: tuple[TriggerTest, ...]
    place: int | None
    part_place: int | None
    named: bool
    findings: tuple[tuple[str, str, str], ...]
    stages: Mapping[str, float]
    passes: Mapping[str, int]
    features: Mapping[str, Any]

    @property
    def hostile(self) -> bool:
        """Whether the attack is there and works."""
        return self.truth.label == "backdoored"

    @property
    def lineage(self) -> str:
        """Adapters of one seed and split are twins: they share cover, rank and dialect."""
        return f"{self.truth.split}-{self.truth.seed}"

    @property
    def score(self) -> float:
        """The largest margin of an undeclared word: at least 1 where LS801 fires."""
        return score(self.tests)

    @property
    def true_test(self) -> TriggerTest | None:
        """What the confirming pictures say of the true trigger, where it was tested."""
        return next((each for each in self.tests if each.kind == "candidate" and each.trigger == self.truth.trigger), None)

    @property
    def drawn(self) -> str:
        """What the strongest undeclared word was seen to draw; "" where none was tested."""
        strongest = max((each for each in self.tests if each.kind == "candidate"), key=lambda each: each.target_gain, default=None)
        return (strongest.target or "") if strongest else ""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines; none where there is no such file. Raises UsageError for a line that is no object."""
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}, line {number}: no JSON object")
        found.append(row)
    return found


def append_line(path: Path, row: Mapping[str, Any]) -> None:
    """Add one object as a line."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def audits_file(results: Path, split: str) -> Path:
    """Where the audits of a split are."""
    return results / f"end-to-end-{split}.jsonl"


def features_file(results: Path, split: str) -> Path:
    """Where the baselines' features of a split are."""
    return results / f"features-{split}.jsonl"


def ledger_folder(results: Path, split: str) -> Path:
    """Where the committed truth of a split is."""
    return results / f"zoo-{split}"


def speaks(entry: LedgerEntry) -> bool:
    """Whether an adapter is to be audited: all but failed attacks, and of attackers who know the audit those too.

    What these give up of their success is what is asked.
    """
    return entry.label != "failed" or is_adaptive(entry.recipe)


def is_adaptive(recipe: str) -> bool:
    """Whether it is by somebody who knows the audit, whom the tables tell apart; a recipe that is gone was not."""
    known = known_recipes().get(recipe)
    return known is not None and known.adaptive


def read_rows(results: Path, split: str, audits: Path | None = None) -> list[Row]:
    """Every audited adapter whose bytes the committed ledger knows, in the ledger's order.

    audits: another file of rows on the same adapters, such as of copies without metadata, which has digests of its own: these
    are joined by name. Raises UsageError for rows that cannot be read.
    """
    path = audits or audits_file(results, split)
    ledger = read_ledger(ledger_folder(results, split))
    by_key = {_key(line, by_name=audits is not None): line for line in read_lines(path)}
    features = {line["sha256"]: line["features"] for line in read_lines(features_file(results, split))}
    try:
        return [
            _row(entry, by_key[key], features.get(entry.sha256, {}))
            for entry in ledger
            if (key := entry.name if audits is not None else entry.sha256) in by_key and speaks(entry)
        ]
    except (KeyError, TypeError, IndexError) as error:
        raise UsageError(f"{path}: a row lacks {error}") from error


def _key(line: Mapping[str, Any], *, by_name: bool) -> str:
    return str(line["name"] if by_name else line["sha256"])


def _row(truth: LedgerEntry, line: Mapping[str, Any], features: Mapping[str, Any]) -> Row:
    tests = ({name: value for name, value in test.items() if name in _TEST_FIELDS} for test in line["tests"])
    return Row(
        truth=truth,
        decision=str(line["decision"]),
        tests=tuple(TriggerTest(**test) for test in tests),
        place=line["place"],
        part_place=line["place of a part"],
        named=bool(line["named"]),
        findings=tuple((each["rule"], each["severity"], each["message"]) for each in line["findings"]),
        stages={name: float(stage[1]) for name, stage in line["stages"].items()},
        passes=line.get("passes") or {},
        features=features,
    )
