"""The action's script, the hook's manifest and the README's help, as they are taken."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import save

from tests.adapters.builders import make_tensors
from tests.cli.in_process import caller

ROOT = Path(__file__).parent.parent.parent


def loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A runner's folder with a sound and a broken adapter, and `lorascan` on the path."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "lorascan"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m lorascan "$@"\n')
    program.chmod(0o755)
    small = {name: np.asarray(value, dtype=np.float32) * np.float32(0.02) for name, value in make_tensors(dialect="peft").items()}
    (tmp_path / "good.safetensors").write_bytes(save(small))
    (tmp_path / "bad.safetensors").write_bytes(save(small)[:-4])
    return tmp_path


def act(workspace: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """The audit step of the action, its inputs given as the runner gives them."""
    action = loaded("action.yml")
    step = next(each for each in action["runs"]["steps"] if each.get("id") == "audit")
    given = {name: each.get("default", "") for name, each in action["inputs"].items()} | inputs
    values = {name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], text) for name, text in step["env"].items()}
    environment = {
        **os.environ,
        **values,
        "PATH": f"{workspace / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_OUTPUT": str(workspace / "output"),
        "GITHUB_STEP_SUMMARY": str(workspace / "summary"),
    }
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_action_fails_on_a_reject_and_leaves_its_reports(workspace: Path) -> None:
    done = act(workspace, targets="good.safetensors\nbad.safetensors")

    assert done.returncode == 1, done.stderr
    assert "::error title=reject by lorascan,file=bad.safetensors" in done.stdout
    assert (workspace / "output").read_text() == "exit-code=1\nsarif=lorascan-results/lorascan.sarif\n"
    assert "bad" in (workspace / "summary").read_text()
    assert {each.name for each in (workspace / "lorascan-results").iterdir()} == {"lorascan.json", "lorascan.sarif", "summary.md"}


def test_no_input_of_the_action_becomes_a_command(workspace: Path) -> None:
    for hostile in ("$(touch owned)", "`touch owned`", "good.safetensors; touch owned", "--exit-zero"):
        done = act(workspace, targets=hostile, policy="static")
        assert done.returncode != 0
    assert not (workspace / "owned").exists()
    script = next(each for each in loaded("action.yml")["runs"]["steps"] if each.get("id") == "audit")["run"]
    assert "${{" not in script


@pytest.mark.parametrize(
    ("given", "installed"),
    [({}, ["/runner/its checkout"]), ({"install": "none"}, []), ({"install": "./lorascan[audit]"}, ["./lorascan[audit]"])],
)
def test_the_action_installs_its_own_checkout_unless_told_otherwise(tmp_path: Path, given: dict[str, str], installed: list[str]) -> None:
    """Whoever takes a bare name on a package index would be run in every pipeline that uses the action."""
    action = loaded("action.yml")
    (step,) = [each for each in action["runs"]["steps"] if "pip install" in each.get("run", "")]
    assert "if" not in step
    assert step["env"] == {"WANTED": "${{ inputs.install }}"}
    (tmp_path / "python3").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shlex.quote(str(tmp_path / "asked"))}\n')
    (tmp_path / "python3").chmod(0o755)
    wanted = given.get("install", action["inputs"]["install"]["default"])
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "WANTED": wanted, "GITHUB_ACTION_PATH": "/runner/its checkout"}

    done = subprocess.run(["bash", "-c", step["run"]], env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().splitlines() if (tmp_path / "asked").exists() else ["--"]
    assert asked[asked.index("--") + 1 :] == installed


def test_the_action_installs_nothing_where_the_runner_names_no_checkout() -> None:
    (step,) = [each for each in loaded("action.yml")["runs"]["steps"] if "pip install" in each.get("run", "")]
    environment = {"PATH": os.environ["PATH"], "WANTED": ""}

    done = subprocess.run(["bash", "-c", step["run"]], env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode != 0
    assert "GITHUB_ACTION_PATH" in done.stderr


def test_the_hook_s_manifest_is_whole_and_takes_adapters_alone() -> None:
    hooks = loaded(".pre-commit-hooks.yaml")

    for each in hooks:
        assert {"id", "name", "entry", "language", "files"} <= set(each)
        assert each["language"] == "python"
        assert all(re.search(each["files"], name) for name in ("a/b.safetensors", "x.bin", "x.ckpt"))
        assert not any(re.search(each["files"], name) for name in ("a.py", "a.safetensors.md"))


def test_the_hook_s_entry_judges_the_files_that_it_is_given(workspace: Path) -> None:
    entry = shlex.split(loaded(".pre-commit-hooks.yaml")[0]["entry"])
    environment = {**os.environ, "PATH": f"{workspace / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    codes = [
        subprocess.run([*entry, name], cwd=workspace, env=environment, capture_output=True, timeout=120, check=False).returncode
        for name in ("good.safetensors", "bad.safetensors")
    ]

    assert codes == [0, 1]


def test_gitlab_s_job_writes_every_report_that_it_hands_over(workspace: Path) -> None:
    page = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    job = next(yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if each.startswith("lorascan:"))[
        "lorascan"
    ]
    (line,) = [each for each in job["script"] if each.startswith("lorascan ")]
    (workspace / "adapters").mkdir()
    for name in ("good.safetensors", "bad.safetensors"):
        (workspace / name).rename(workspace / "adapters" / name)
    environment = {**os.environ, "PATH": f"{workspace / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(["bash", "-c", line], cwd=workspace, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("2 files: 1 rejected, 1 admitted (static only)\n")
    for report in job["artifacts"]["reports"].values():
        assert "bad.safetensors" in (workspace / report).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "meant"), [("lorascan au", "audit"), ("lorascan audit --pol", "--policy"), ("lorascan cache pr", "prune")]
)
def test_a_shell_completes_commands_and_options(words: str, meant: str) -> None:
    asked = {"_LORASCAN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}

    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['lorascan']; from lorascan.cli import main; main()"],
        env={**os.environ, **asked}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.stdout.split() == [meant], done.stderr


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.slim"])
def test_an_image_runs_as_nobody_special_and_copies_only_what_the_wheel_needs(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()

    assert "USER auditor" in lines
    assert lines.index("USER auditor") < lines.index('ENTRYPOINT ["lorascan"]')
    taken = [each.removeprefix("!") for each in (ROOT / ".dockerignore").read_text().splitlines() if each.startswith("!")]
    assert all((ROOT / each).exists() for each in taken)
    assert ("[audit]" in "\n".join(lines)) is (name == "Dockerfile")


def test_the_readme_lists_every_command_as_the_help_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where this fails, put what `COLUMNS=100 lorascan --help` prints between the README's marks."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    code, told, _ = caller(monkeypatch, capsys)("--help")
    block = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- help -->\n```text\n")[2].partition("\n```\n<!-- /help -->")[0]

    assert code == 0
    assert [each.rstrip() for each in block.splitlines()] == [each.rstrip() for each in told.strip("\n").splitlines()]


@pytest.mark.parametrize("name", ["README.md", "docs/gate.md"])
def test_no_page_tells_to_install_a_name_that_nobody_has_published(name: str) -> None:
    """Whoever publishes it first would be run in every pipeline that copied the line."""
    text = (ROOT / name).read_text(encoding="utf-8")

    installed = re.findall(r"pip install ([^\s`#]+)", text)
    assert installed
    assert all(re.fullmatch(r"\.?/.+|\.(\[\w+\])?", each.strip('"')) for each in installed), installed
