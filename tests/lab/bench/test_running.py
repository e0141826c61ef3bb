"""The benchmark goes on where it was stopped."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from lorascan.core.report import Report
from lorascan.lab.assets import adapters_folder
from lorascan.lab.bench import audits
from lorascan.lab.bench.rows import audits_file, features_file, ledger_folder, read_lines, read_rows
from lorascan.lab.bench.running import complete
from lorascan.lab.ledger import read_ledger
from tests.reporting import examples


@pytest.fixture
def audited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were audited; each audit ends at once."""
    names: list[str] = []

    def audit(path: Path, **_: Any) -> Report:
        names.append(path.name)
        return examples.honest(path.name)

    monkeypatch.setattr(audits, "audit", audit)
    return names


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The shipped adapters as a dev zoo, nothing in the test zoo, nothing ordered."""
    shutil.copytree(adapters_folder(), tmp_path / "zoo" / "dev")
    (tmp_path / "zoo" / "test").mkdir()
    (tmp_path / "zoo.toml").write_text("", encoding="utf-8")
    (tmp_path / "results").mkdir()
    return tmp_path


def run(work: Path, limit: int | None = None) -> None:
    complete(work / "results", work / "zoo", work / "zoo.toml", lambda _: None, jobs=1, limit=limit)


def test_a_stopped_run_goes_on_and_audits_nothing_twice(work: Path, audited: list[str]) -> None:
    there = [entry.file for entry in read_ledger(work / "zoo" / "dev") if entry.label != "failed"]
    run(work, limit=2)
    assert audited == there[:2]

    run(work)
    run(work)
    assert audited == there


def test_the_rows_hold_the_truth_the_verdict_and_what_baselines_see(work: Path, audited: list[str]) -> None:
    run(work)
    rows = read_rows(work / "results", "dev")

    assert len(rows) == len(audited)
    assert {row.hostile for row in rows} == {True, False}
    assert all(row.decision == "admit" and row.tests and row.features for row in rows)
    assert read_ledger(ledger_folder(work / "results", "dev")) == sorted(read_ledger(work / "zoo" / "dev"), key=lambda each: each.name)


def test_backdoors_of_the_test_split_are_audited_without_their_metadata_too(work: Path, audited: list[str]) -> None:
    (work / "zoo" / "test").rmdir()
    (work / "zoo" / "dev").rename(work / "zoo" / "test")
    (work / "zoo" / "dev").mkdir()
    hostile = [entry.file for entry in read_ledger(work / "zoo" / "test") if entry.label == "backdoored"]
    run(work)
    run(work)
    assert audited[-len(hostile) :] == hostile
    assert len(audited) == len(set(audited)) + len(hostile)
    for name in hostile:
        with (
            safe_open(work / "zoo" / "test" / "bare" / name, framework="np") as bare,
            safe_open(work / "zoo" / "test" / name, framework="np") as whole,
        ):
            assert whole.metadata()
            assert not bare.metadata()
            assert all((bare.get_tensor(key) == whole.get_tensor(key)).all() for key in whole.keys())  # noqa: SIM118 - no mapping


def test_an_adapter_without_its_file_is_told_and_not_described(work: Path, audited: list[str]) -> None:
    del audited
    told: list[str] = []
    missing = next(entry for entry in read_ledger(work / "zoo" / "dev") if entry.label != "failed")
    (work / "zoo" / "dev" / missing.file).unlink()
    complete(work / "results", work / "zoo", work / "zoo.toml", told.append, jobs=1, limit=0)

    assert any(line.startswith(missing.name) and "not described" in line for line in told)
    assert missing.name not in {line["name"] for line in read_lines(features_file(work / "results", "dev"))}
    assert not audits_file(work / "results", "dev").exists()
