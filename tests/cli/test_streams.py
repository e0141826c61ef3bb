"""What happens where stdout, stderr or a report's place takes nothing: the exit code tells, no traceback does."""

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
