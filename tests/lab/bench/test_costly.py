"""The costly methods' part of the table, and the program that makes its rows."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from benchmarks import costly as program
from lorascan.lab.assets import adapters_folder
from lorascan.lab.baselines.costly import CostlyBaseline, costly_baselines
from lorascan.lab.bench.costly import ROWS, costly
from lorascan.lab.bench.costly_page import costly_sections
from lorascan.lab.bench.rows import append_line, audits_file, ledger_folder, read_lines, read_rows
from lorascan.lab.bench.table import _plain
from lorascan.lab.ledger import LedgerEntry, read_ledger

COMMITTED = Path(__file__).parents[3] / "benchmarks" / "results"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for split in ("dev", "test"):
        shutil.copytree(ledger_folder(COMMITTED, split), ledger_folder(tmp_path, split))
        shutil.copy(audits_file(COMMITTED, split), tmp_path)
    return tmp_path


def write(results: Path, method: str, entry: LedgerEntry, numbers: list[float], **more: Any) -> None:
    line = {"method": method, "name": entry.name, "sha256": entry.sha256, "passes": 40, "seconds": 2.0, "numbers": numbers, **more}
    append_line(results / ROWS, line)


def ordered(split: str) -> list[LedgerEntry]:
    names = tomllib.loads(program.ORDERS.read_text(encoding="utf-8"))[split]
    truth = {entry.name: entry for entry in read_ledger(ledger_folder(COMMITTED, split))}
    return [truth[name] for name in names]


def told(results: Path) -> Any:
    return _plain(costly(results, read_rows(results, "test")))


@pytest.mark.parametrize(("split", "each"), [("test", 12), ("dev", 6)])
def test_the_fixed_subset_has_as_many_honest_as_backdoored_adapters_of_the_committed_ledger(split: str, each: int) -> None:
    labels = [entry.label for entry in ordered(split)]
    assert (labels.count("honest"), labels.count("backdoored"), len(labels)) == (each, each, 2 * each)
    assert len({entry.name for entry in ordered(split)}) == 2 * each


def test_without_rows_there_is_no_section(results: Path) -> None:
    assert costly(results, read_rows(results, "test")) is None
    assert costly_sections({"costly": None}) == costly_sections({}) == []


def test_a_method_that_tells_all_apart_has_an_auroc_of_one_beside_the_audit_on_the_same_adapters(results: Path) -> None:
    for entry in ordered("test"):
        write(results, "key_search", entry, [float(entry.label == "backdoored")])
    found = told(results)

    assert found["adapters"] == {"honest": 12, "backdoored": 12}
    (method,) = found["methods"]
    assert (method["n"], method["auroc"]["value"], method["passes"], method["seconds"], method["fitted on"]) == (24, 1, 40, 2, 0)
    assert found["ours"]["n"] == 24
    assert found["ours"]["passes"] > 1000
    page = "\n".join(costly_sections({"costly": found}))
    assert "## Costly methods, on 24 adapters of a fixed subset" in page
    assert costly_baselines()["key_search"].source in page


def test_a_fitted_method_learns_from_dev_alone(results: Path) -> None:
    for entry in ordered("test"):
        write(results, "gaussian_probing", entry, [float(entry.label == "backdoored"), 0.0])
    assert told(results)["methods"][0]["auroc"] is None
    assert "–" in "\n".join(costly_sections({"costly": told(results)}))

    for entry in ordered("dev"):
        write(results, "gaussian_probing", entry, [-float(entry.label == "backdoored"), 0.0])
    (method,) = told(results)["methods"]
    assert (method["n"], method["fitted on"], method["auroc"]["value"]) == (24, 12, 0)


def test_prompts_are_judged_by_one_threshold_and_by_each_adapter_s_own(results: Path) -> None:
    hostile = [entry for entry in ordered("test") if entry.label == "backdoored"]
    for place, entry in enumerate(hostile):
        write(results, "ufid_density", entry, [10.0 * place + 1, 10.0 * place], labels=[True, False])
    found = told(results)

    (method,) = found["given the trigger"]
    assert (method["n"], method["prompts"], method["passes a prompt"]) == (12, 24, 20)
    assert method["mean of adapters"] == 1
    assert 0.5 < method["auroc"]["value"] < 0.6
    assert found["adapters"] == {"honest": 0, "backdoored": 0}
    assert "## With the trigger given, by prompt" in costly_sections({"costly": found})


def test_rows_of_adapters_and_methods_that_are_gone_are_left_out(results: Path) -> None:
    first, second = ordered("test")[:2]
    write(results, "key_search", first, [0.0])
    write(results, "key_search", second, [1.0])
    write(results, "palm_reading", first, [1.0])
    append_line(results / ROWS, read_lines(results / ROWS)[0] | {"sha256": "0" * 64})
    assert [(each["name"], each["n"]) for each in told(results)["methods"]] == [("key_search", 2)]


def test_a_stopped_run_goes_on_and_asks_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def score(bench: Any, prompts: Any) -> list[float]:
        asked.append("trigger given" if prompts else "blind")
        bench.spend(3)
        return [0.0] * max(1, len(prompts))

    fakes = {
        "blind": CostlyBaseline(title="b", source="s", score=score),
        "fitted": CostlyBaseline(title="f", source="s", score=score, fitted=True),
        "given": CostlyBaseline(title="g", source="s", score=score, given_trigger=True),
    }
    monkeypatch.setattr(program, "costly_baselines", lambda: fakes)
    monkeypatch.setattr(program, "ORDERS", tmp_path / "orders.toml")
    shutil.copytree(adapters_folder(), tmp_path / "zoo" / "dev")
    shutil.copytree(adapters_folder(), tmp_path / "zoo" / "test")
    ledger = tmp_path / "zoo" / "test" / "ledger.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace('"split": "dev"', '"split": "test"'), encoding="utf-8")
    learnt, names = "character_declared-dev-2", ["style_declared-dev-2", "poisoned_unet-dev-6"]
    (tmp_path / "orders.toml").write_text(
        f"passes = 5\nprompts = 2\nmost = 1\nseed = 0\ndev = {json.dumps([learnt])}\ntest = {json.dumps(names)}\n", encoding="utf-8"
    )

    program.run(tmp_path / "zoo", tmp_path / "rows.jsonl")
    lines = read_lines(tmp_path / "rows.jsonl")
    program.run(tmp_path / "zoo", tmp_path / "rows.jsonl")

    assert asked == ["blind"] * 5 + ["trigger given"]
    assert [(line["method"], line["name"]) for line in lines] == [
        ("fitted", learnt),
        ("blind", names[0]),
        ("fitted", names[0]),
        ("blind", names[1]),
        ("fitted", names[1]),
        ("given", names[1]),
    ]
    assert lines[-1]["labels"] == [True, False, True, False]
    assert read_lines(tmp_path / "rows.jsonl") == lines
