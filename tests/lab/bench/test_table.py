"""The table of detection, made from rows."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import held_out
from lorascan.core.errors import UsageError
from lorascan.lab.bench import methods
from lorascan.lab.bench.page import page
from lorascan.lab.bench.rows import audits_file, is_adaptive, ledger_folder, read_rows
from lorascan.lab.bench.running import write_table
from lorascan.lab.bench.table import table

COMMITTED = Path(__file__).parents[3] / "benchmarks" / "results"
FITTED = {"methods", "held out", "not described for", "bar", "pairs", "costly"}
"""What the baselines take part in, whose last digits differ from machine to machine, and pairs, which have a page of their own."""


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed rows, to be changed, without baselines."""
    for split in ("dev", "test"):
        shutil.copytree(ledger_folder(COMMITTED, split), ledger_folder(tmp_path, split))
        shutil.copy(audits_file(COMMITTED, split), tmp_path)
    monkeypatch.setattr(methods, "baselines", dict)
    return tmp_path


def changed(results: Path, name: str, **values: object) -> None:
    """Replace values of one audit's row."""
    path = audits_file(results, "test")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row | values if row["name"] == name else row for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_the_committed_table_is_what_the_committed_rows_give(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads((COMMITTED / "detection.json").read_text(encoding="utf-8"))
    monkeypatch.setattr(methods, "baselines", dict)
    again = table(COMMITTED)

    assert (COMMITTED / "detection.md").read_text(encoding="utf-8") == page(told)
    assert {name: told[name] for name in set(told) - FITTED} == {name: again[name] for name in set(again) - FITTED}
    assert told["methods"][0] == again["methods"][0]


def test_the_families_held_out_are_what_the_committed_rows_give() -> None:
    assert held_out.PATH.read_text(encoding="utf-8") == held_out.written()


def test_a_miss_and_an_alarm_show_in_every_place_that_counts_them(results: Path) -> None:
    rows = read_rows(results, "test")
    hostile, honest = (next(row.truth.name for row in rows if row.hostile is label) for label in (True, False))
    before = table(results)
    changed(results, hostile, decision="admit", tests=[], place=None)
    changed(results, honest, decision="reject")
    after = table(results)

    assert after["backdoored in all"]["admitted"] == before["backdoored in all"]["admitted"] + 1
    assert after["methods"][0]["auroc"]["value"] < 1
    assert any(hostile == each["name"] for each in after["misses"])
    assert any(honest == each["name"] for each in after["alarms"])
    assert after["honest in all"]["rejected"]["value"] > 0
    told = {each["figure"]: each["state"] for each in after["bar"]}
    assert told["honest adapters rejected"] == "missed"


def test_too_few_honest_adapters_measure_no_false_alarms_of_one_in_a_hundred(results: Path) -> None:
    told = table(results)
    honest = told["honest in all"]["n"]
    for each in told["methods"]:
        assert each["at 1 % false alarms"]["measurable"] == (honest >= 100)
        assert each["at 5 % false alarms"]["measurable"] == (honest >= 20)
    goal = next(each for each in told["bar"] if each["figure"] == "backdoors caught at 1 % false alarms")
    if honest < 100:
        assert (goal["state"], goal["value"]) == ("not measurable", None)
        assert f"n = {honest} honest" in goal["note"]


def test_attacks_that_failed_their_gate_are_not_counted(results: Path) -> None:
    """Those of attackers who know the audit are, but apart: what they give up is what is asked."""
    names = {row.truth.name for row in read_rows(results, "test")}
    failed = [json.loads(line) for line in (ledger_folder(results, "test") / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]
    assert not names & {each["name"] for each in failed if each["label"] == "failed" and not is_adaptive(each["recipe"])}
    told = table(results)
    assert not any(is_adaptive(recipe) for recipe in (*told["families"], *told["honest"]))
    assert told["adaptive"]


def test_rows_without_the_truth_beside_them_are_not_counted(results: Path) -> None:
    changed(results, read_rows(results, "test")[0].truth.name, sha256="0" * 64)
    assert len(read_rows(results, "test")) == table(results)["adapters"]["test"]["audited"]
    assert len(read_rows(results, "test")) < len(read_rows(COMMITTED, "test"))


@pytest.mark.parametrize("line", ["{", "[]", '{"sha256": "0"}\n{"name"'])
def test_rows_that_cannot_be_read_are_told_by_file_and_line(results: Path, line: str) -> None:
    audits_file(results, "test").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"end-to-end-test\.jsonl, line \d"):
        table(results)


def test_a_folder_without_rows_is_told_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lorascan lab bench"):
        write_table(tmp_path)
