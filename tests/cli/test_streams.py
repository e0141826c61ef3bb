"""What happens where stdout, stderr or a report's place takes nothing: the exit code tells, no traceback does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lorascan.lab.assets import adapters_folder

COMMAND = (sys.executable, "-m", "lorascan")


@pytest.fixture
def honest() -> Path:
    return adapters_folder() / "style_declared-dev-2.safetensors"


def in_shell(line: str, *values: object) -> "subprocess.CompletedProcess[str]":
    """A command line with "$@" as lorascan's own command and its arguments."""
    command = ["bash", "-c", line, "bash", *COMMAND, *map(str, values)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_full_disk_behind_stdout_is_told_with_the_verdict_and_is_no_reject(honest: Path) -> None:
    done = in_shell('"$@" > /dev/full', "audit", honest, "--policy", "static")
    assert done.returncode == 3
    assert "the verdict was: admit" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_reject(honest: Path) -> None:
    done = in_shell('"$@" | true; exit "${PIPESTATUS[0]}"', "audit", honest, "--policy", "static")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_closed_stdout_leaves_the_exit_code(honest: Path) -> None:
    done = in_shell('"$@" >&-', "audit", honest, "--policy", "static")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_stderr_leaves_the_exit_code(tmp_path: Path) -> None:
    assert in_shell('"$@" 2>&-', "audit", tmp_path / "gone.safetensors").returncode == 4


def test_a_report_at_a_link_that_goes_round_is_undecided_and_the_verdict_is_told(honest: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    done = in_shell('"$@"', "audit", honest, "--policy", "static", "-o", loop)
    assert done.returncode == 3
    assert "the verdict was: admit" in done.stderr


def test_an_empty_argument_is_no_folder() -> None:
    done = in_shell('"$@"', "audit", "", "--policy", "static")
    assert done.returncode == 4


def test_an_endless_timeout_is_a_usage_error(honest: Path) -> None:
    done = in_shell('"$@"', "audit", honest, "--policy", "static", "--timeout", "inf")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


SMALL = {
    "the help": ("--help",),
    "the help of a command": ("audit", "--help"),
    "the version": ("--version",),
    "rules": ("rules",),
    "a rule": ("explain", "LS801"),
    "statistics": ("inspect", "ADAPTER"),
    "a comparison": ("compare", "ADAPTER", "ADAPTER"),
    "settings": ("config", "show"),
    "suites": ("probes", "list"),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_command_whose_reader_has_gone_ends_quietly_and_rejects_nothing(name: str, honest: Path) -> None:
    arguments = [str(honest) if each == "ADAPTER" else each for each in SMALL[name]]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    finally:
        os.close(writer)

    assert (done.returncode, done.stderr) == (141, "")


def test_a_reject_stays_one_where_stdout_was_closed_from_the_start(tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"<html></html>")

    assert in_shell('"$@" >&-', "audit", bad, "--policy", "static").returncode == 1
