"""The whole audit by the command line: both verdicts, both exit codes, and what an interrupt leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lorascan.lab.assets import adapters_folder
from lorascan.lab.ledger import LedgerEntry, read_ledger
from tests.cli.starting import wait_until_started

ENVIRONMENT = {**os.environ, "NO_COLOR": "1"}


def shipped(recipe: str) -> LedgerEntry:
    return next(each for each in read_ledger(adapters_folder()) if each.recipe == recipe and each.gate_passed)


def audit(entry: LedgerEntry, *options: str) -> "subprocess.CompletedProcess[str]":
    return called("audit", entry, *options)


def called(name: str, entry: LedgerEntry, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lorascan", name, str(adapters_folder() / entry.file), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, env=ENVIRONMENT, check=False)


def test_an_honest_adapter_is_admitted_with_exit_code_0(tmp_path: Path) -> None:
    done = audit(shipped("style_declared"), "-o", str(tmp_path / "r.html"), "-o", str(tmp_path / "r.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert {stage["name"]: stage["status"] for stage in report["stages"]} == dict.fromkeys(
        ("file", "weights", "load", "hunt", "probe"), "ran"
    )
    assert (tmp_path / "r.html").stat().st_size < 6 * 2**20


def test_a_backdoored_adapter_is_rejected_with_exit_code_1_and_its_trigger_is_named() -> None:
    entry = shipped("poisoned_unet")
    done = audit(entry, "-f", "json")
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads(done.stdout)
    hidden = [each for each in report["findings"] if each["rule"] == "LS801"]
    assert any(repr(entry.trigger) in each["message"] for each in hidden)

    done = called("hunt", entry, "-f", "json", "-n", "1", "--budget", "0.01")  # the same search, of which it begins the first part
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    first = told["candidates"][0]
    same = next(each for each in report["hunt"]["ranked"] if each["text"] == entry.trigger)
    assert [first[name] for name in ("text", "source", "score", "tokens")] == [same[name] for name in ("text", "source", "score", "tokens")]
    assert first["target"] == entry.target
    assert [each.partition(":")[0] for each in told["left_out"]] == ["unicode twin", "denoiser divergence", "phrase sweep"]


def below(process: int) -> set[int]:
    """A process's children, theirs, and so on: what an audit has started, and nothing that runs beside this test."""
    found: set[int] = set()
    for each in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = {int(child) for child in each.read_text(encoding="ascii").split()}
        except OSError:  # the thread has ended meanwhile
            continue
        found |= children.union(*(below(child) for child in children))
    return found


def stopped(wait: float, number: signal.Signals, temporary: Path, *options: str, again: float | None = None) -> tuple[int, str]:
    """Exit code and stderr of an audit or a hunt that gets a signal so many seconds after its start; nothing of it may remain."""
    path = adapters_folder() / shipped("style_declared").file
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it, and what starts below it does too
    process = subprocess.Popen(
        [sys.executable, "-m", "lorascan", *(options or ("audit", "--no-cache")), str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    signal.signal(signal.SIGHUP, inherited)
    wait_until_started(process)
    time.sleep(wait)
    started = below(process.pid)
    process.send_signal(number)
    if again is not None:
        time.sleep(again)
        process.send_signal(number)
    _, said = process.communicate(timeout=30)
    time.sleep(0.3)
    assert {each for each in started if Path(f"/proc/{each}").exists()} == set()
    assert list(temporary.iterdir()) == []
    assert "Traceback" not in said
    return process.returncode, said.splitlines()[-1]


@pytest.mark.parametrize(("wait", "options"), [(0.0, ()), (3.0, ()), (25.0, ("hunt",))])
def test_ctrl_c_at_any_time_exits_130_and_leaves_nothing(wait: float, options: tuple[str, ...], tmp_path: Path) -> None:
    """An audit as it starts and while the workers do; at 25 s both search, by the same code: there a hunt is interrupted."""
    assert stopped(wait, signal.SIGINT, tmp_path, *options) == (130, "lorascan: interrupted")


def test_a_second_ctrl_c_changes_nothing(tmp_path: Path) -> None:
    assert stopped(6.0, signal.SIGINT, tmp_path, again=0.2) == (130, "lorascan: interrupted")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_cancelled_job_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    """As a CI runner, or a terminal that is closed, ends it."""
    assert stopped(8.0, number, tmp_path) == (128 + number, "lorascan: terminated")


def test_an_audit_whose_time_is_over_ends_within_seconds_wherever_it_is() -> None:
    began = time.monotonic()
    done = audit(shipped("style_declared"), "--timeout", "25", "--no-cache", "-f", "json")
    assert done.returncode == 3, done.stdout + done.stderr
    assert time.monotonic() - began < 60
    assert "LS907" in done.stdout
