"""Audits the same backdoors with their metadata taken off."""

import json
from collections.abc import Callable
from pathlib import Path

from lorascan.core.recall import Recall
from lorascan.lab.bench.audits import audited
from lorascan.lab.bench.rows import append_line, read_lines
from lorascan.lab.derived import family
from lorascan.lab.ledger import LedgerEntry, read_ledger


def bare(content: bytes) -> bytes:
    """A safetensors file without its metadata; the tensors are the same bytes."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    written = json.dumps(header, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return len(written).to_bytes(8, "little") + written + content[8 + length :]


def is_whole(entry: LedgerEntry) -> bool:
    """Whether it is a backdoor as it was trained, which is copied bare."""
    return entry.label == "backdoored" and entry.recipe == family(entry.recipe)


def audit_bare(zoo: Path, rows: Path, told: Callable[[str], None], limit: int | None = None) -> int:
    """Audit a bare copy of every backdoored adapter of the zoo that has no row yet; a stopped run goes on.

    An attacker need not declare anything: what the cover's word does is then undeclared too. limit: how many at most. Returns
    how many were audited.
    """
    done, recall = {each["name"] for each in read_lines(rows)}, Recall()
    waiting = [entry for entry in read_ledger(zoo) if is_whole(entry) and entry.name not in done][:limit]
    (zoo / "bare").mkdir(exist_ok=True)
    for entry in waiting:
        path = zoo / "bare" / entry.file
        path.write_bytes(bare((zoo / entry.file).read_bytes()))
        found = audited(entry, path, recall)
        append_line(rows, found)
        told(f"undeclared  {found['decision']:<10} {entry.name:<34} place {found['place']} {found['seconds']} s")
    return len(waiting)
