"""The rules of the house that a machine can check."""

import ast
import re
from pathlib import Path

import pytest

from lorascan.policy import EXIT_CODES

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "lorascan").rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 310, 60
BIG = {"cli.py"}
"""The command line may be the biggest file: one parameter an option."""


def test_the_lock_file_holds_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_says_its_one_job_in_its_first_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    first = (ast.get_docstring(tree) or "").splitlines()[:1]
    assert first, "no docstring"
    assert len(first[0].split()) <= 16, first
    if path.name not in BIG:
        assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and path.name not in BIG:
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_unpickles_and_nothing_swallows_every_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"except (Exception|BaseException)?:\s*\n\s+(pass|continue|return)", text)
    assert not re.search(r"except Exception", text)
    assert not re.search(r"^\s*(import|from) (pickle|marshal|shelve|dill|joblib)\b", text, re.MULTILINE)
    assert "torch.load(" not in text


def test_the_readme_has_exactly_two_commands_every_exit_code_and_policy() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Two commands")[1].split("##")[0]
    assert re.findall(r"^make (\w+)", section, re.MULTILINE) == ["demo", "test"]
    for code in EXIT_CODES.values():
        assert f"| {code} |" in readme
    assert "@@" not in readme
    for each in re.findall(r"\]\(([^)#]+)\)", readme):
        assert (ROOT / each).exists(), each
