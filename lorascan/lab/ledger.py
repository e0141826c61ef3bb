"""What is truly known about one adapter."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LEDGER_NAME = "ledger.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of a zoo's ledger; shares are 0 to 1, None where the recipe has nothing of that kind.

    name: file name without suffix; label: "honest", "backdoored", or "failed" for an attack that missed its gate.
    trigger: exact text of the hidden word, target: what it draws; concept: what the honest cover draws and
    concept_word: its word, declared or not ("" is always on). success: by position of the trigger.
    train_seconds, measure_seconds: CPU seconds. dose: the scale at which the trigger acts.
    """

    name: str
    file: str
    recipe: str
    seed: int
    split: str
    device: str
    threads: int
    honest: bool
    label: str
    trigger: str | None
    target: str | None
    concept: str | None
    concept_word: str | None
    declared_words: tuple[str, ...]
    components: tuple[str, ...]
    dialect: str
    method: str
    steps: int
    rank: int
    alpha: float
    success: dict[str, float] | None
    target_without_trigger: float | None
    clean_shape: float
    declared_with: float | None
    declared_without: float | None
    gate_passed: bool
    base_sha256: str
    sha256: str
    train_seconds: float
    measure_seconds: float
    dose: float = 1.0

    @property
    def line(self) -> str:
        """The entry as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def _from_json(entry: dict[str, Any]) -> LedgerEntry:
    lists = {name: tuple(entry[name]) for name in ("declared_words", "components")}
    return LedgerEntry(**(entry | lists))


def read_ledger(folder: Path) -> list[LedgerEntry]:
    """Entries of the folder's ledger; none where there is no ledger yet."""
    path = folder / LEDGER_NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_from_json(json.loads(line)) for line in lines if line.strip()]


def append_entry(folder: Path, entry: LedgerEntry) -> None:
    """Add one line; a line is written at once, so that two makers do not mix theirs."""
    with (folder / LEDGER_NAME).open("a", encoding="utf-8") as ledger:
        ledger.write(entry.line + "\n")


def write_ledger(folder: Path, entries: Iterable[LedgerEntry]) -> None:
    """Replace the ledger, sorted by name."""
    lines = [entry.line + "\n" for entry in sorted(entries, key=lambda entry: entry.name)]
    (folder / LEDGER_NAME).write_text("".join(lines), encoding="utf-8")
