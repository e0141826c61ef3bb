"""`lorascan hunt`, on workers whose every number is known: what is written, and every exit code."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import save

from lorascan import worker
from lorascan.core.errors import Refusal, StageFailed
from tests.cli.fake_workers import Opened, put_fake_workers, scaled, write_adapter
from tests.cli.in_process import Called, caller
from tests.hostile.files import REFUSED
from tests.hunting.fakes import FakeWorker


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    return caller(monkeypatch, capsys)


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """One whose name would clear a terminal."""
    return write_adapter(tmp_path, "style\x1b[2J")


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Opened:
    return put_fake_workers(monkeypatch, tmp_path)


def test_candidates_are_json_best_first_with_the_spaces_and_no_verdict(call: Called, adapter: Path, workers: Opened) -> None:
    code, out, said = call("hunt", adapter, "-f", "json", "-n", "4")

    assert (code, workers) == (0, ["opened", "closed"]), said
    told = json.loads(out)
    assert told["schema"] == "lorascan/hunt/v1"
    assert told["verdict"] is None
    assert "no verdict" in told["note"]
    assert [each["rank"] for each in told["candidates"]] == [1, 2, 3, 4] < [told["nominated"]]
    assert told["candidates"][0]["text"] == "word42"
    for each in told["candidates"]:
        assert {"text", "source", "score", "z", "rank", "target"} <= set(each)
    assert any("vocabulary tokens" in each for each in told["spaces"])
    assert any("meaning" in each for each in told["limits"])
    assert [(each["name"], each["status"]) for each in told["stages"]] == [(name, "ran") for name in ("file", "weights", "load", "hunt")]
    assert (told["budget"], told["left_out"]) == ("default", [])


def test_the_table_shows_foreign_text_visibly_and_says_that_nothing_was_judged(call: Called, adapter: Path, workers: Opened) -> None:
    code, out, _ = call("hunt", adapter, "--top", "3")

    assert (code, workers) == (0, ["opened", "closed"])
    assert "\x1b" not in out
    assert "no verdict" in out
    rows = [line.split() for line in out.splitlines() if line[:1].isdigit()]
    assert rows[0][:2] == ["1", '"word42"']
    assert len(rows) == 3
    assert "searched: " in out
    assert "limit: triggers by the meaning" in out


def test_the_suffix_of_the_output_says_the_format(call: Called, adapter: Path, workers: Opened, tmp_path: Path) -> None:
    code, out, _ = call("hunt", adapter, "-o", tmp_path / "found.csv", "-n", "40")

    assert (code, out, workers[-1]) == (0, "", "closed")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "found.csv").read_text(encoding="utf-8"))))
    assert rows[0]["text"] == "word42"
    assert {each["declared"] for each in rows} == {"False"}
    assert any(each["replaces"] for each in rows)


def test_a_declared_word_is_marked_and_keeps_its_place(call: Called, adapter: Path, workers: Opened) -> None:
    told = json.loads(call("hunt", adapter, "-f", "json", "--declared", "word42")[1])

    assert workers
    assert [each["text"] for each in told["candidates"] if each["declared"]] in ([], ["word42"])
    assert told["candidates"][0]["text"] != "word42" or told["candidates"][0]["declared"]


def test_what_the_budget_left_out_is_said(call: Called, adapter: Path, workers: Opened) -> None:
    told = json.loads(call("hunt", adapter, "-f", "json", "--budget", "0.000001")[1])

    assert workers
    assert told["left_out"]
    assert set(told["left_out"]) <= set(told["limits"])
    assert "s to hunt" in told["budget"]


def test_a_rejected_file_is_not_loaded(call: Called, tmp_path: Path, workers: Opened) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(REFUSED["a zip inside the last tensor"][1])

    code, out, said = call("hunt", bad)

    assert (code, out, workers) == (1, "", [])
    assert "LS1" in said
    assert "nothing was hunted" in said


def test_weights_that_reject_are_not_loaded_either(call: Called, tmp_path: Path, workers: Opened) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(save(scaled(float("nan"))))

    code, out, said = call("hunt", bad)

    assert (code, out, workers) == (1, "", [])
    assert "LS6" in said


def test_without_the_heavy_libraries_nothing_is_hunted(call: Called, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "find_spec", lambda _: None)

    code, out, said = call("hunt", adapter)

    assert (code, out) == (3, "")
    assert 'pip install "./lorascan[audit]"' in said


def raises(error: BaseException) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def test_a_worker_that_dies_while_hunting_exits_3(call: Called, adapter: Path, workers: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeWorker, "predict", raises(StageFailed(Refusal(code="LS902", message="the adapted worker died"))))

    code, out, said = call("hunt", adapter, "-f", "json")

    assert (code, out, workers) == (3, "", ["opened", "closed"])
    assert "hunt stage failed, LS902" in said


def test_an_interrupt_exits_130_and_closes_the_workers(
    call: Called, adapter: Path, workers: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWorker, "predict", raises(KeyboardInterrupt()))

    code, out, said = call("hunt", adapter)

    assert (code, out, workers) == (130, "", ["opened", "closed"])
    assert said.splitlines()[-1] == "lorascan: interrupted"


def test_no_file_exits_4_and_a_call_that_makes_no_sense_2(call: Called, adapter: Path, workers: Opened, tmp_path: Path) -> None:
    assert call("hunt", tmp_path / "none.safetensors")[0] == 4
    assert call("hunt", adapter, "--budget", "quick")[0] == 2
    assert call("hunt", adapter, "--budget", "0")[0] == 2
    assert call("hunt", adapter, "-n", "0")[0] == 2
    assert call("hunt", adapter, "-o", tmp_path / "no" / "found.json")[0] == 2
    assert call("hunt", adapter, "--base", "no-such-base")[0] == 2
    assert workers == []


def test_a_folder_is_no_adapter(call: Called, tmp_path: Path, workers: Opened) -> None:
    code, out, said = call("hunt", tmp_path)

    assert (code, out, workers) == (4, "", [])
    assert "folder" in said


@pytest.mark.parametrize("command", ["hunt", "audit"])
@pytest.mark.parametrize("seed", ["-5", "9223372036854775808"])
def test_a_seed_that_no_generator_takes_is_a_usage_error(call: Called, adapter: Path, command: str, seed: str) -> None:
    code, out, said = call(command, adapter, "--seed", seed)

    assert (code, out) == (2, "")
    assert "seed: " in said
