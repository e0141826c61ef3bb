"""The pages for contributors, followed to the letter in a copy of the project: files written, commands run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("add-a-*.md"))
BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINKED = ("lorascan/lab/assets", "tests/data")
COPIED = ("lorascan", "probes", "tests", "reports/schema", "reports/templates", "pyproject.toml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy that may be written to; what is large is linked."""
    large = {ROOT / each for each in LINKED}
    for name in COPIED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, tmp_path / name)
        else:
            shutil.copytree(
                ROOT / name,
                tmp_path / name,
                ignore=lambda folder, names: [each for each in names if each == "__pycache__" or Path(folder) / each in large],
            )
    for each in LINKED:
        (tmp_path / each).symlink_to(ROOT / each)
    return tmp_path


def test_there_is_a_page_for_each_kind_of_thing() -> None:
    assert [each.stem for each in PAGES] == ["add-a-base", "add-a-detector", "add-a-dialect", "add-a-suite"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"docs/{each.name}" in readme for each in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda each: each.stem)
def test_a_page_followed_to_the_letter_works(page: Path, project: Path) -> None:
    blocks = list(BLOCK.finditer(page.read_text(encoding="utf-8")))
    written = [each["file"] for each in blocks if each["file"]]
    assert len(written) >= 2, "the thing itself, and its test"
    environment = {**os.environ, "PYTHONPATH": str(project), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    for block in blocks:
        if block["file"]:
            path = project / block["file"]
            assert not path.exists(), "a page adds files and changes none"
            path.write_text(block["text"], encoding="utf-8")
        elif block["language"] == "sh":
            command = ["bash", "-e", "-c", block["text"]]
            done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=280, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", *written]
    found = subprocess.run([*ruff, "--exclude", "*.toml"], cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout
