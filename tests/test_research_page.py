"""The page for researchers, run from top to bottom: it prints what it says."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "research.md"
PIECE = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
RUNNER = """
import contextlib, io, json, sys

def main():
    session, printed = {"__name__": "page"}, []
    for number, code in enumerate(json.load(sys.stdin), 1):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(code, f"piece {number}", "exec"), session)
        printed.append(out.getvalue())
    json.dump(printed, sys.stdout)

if __name__ == "__main__":
    main()
"""


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    pieces = list(PIECE.finditer(PAGE.read_text(encoding="utf-8")))
    runner = tmp_path / "run.py"
    runner.write_text(RUNNER, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, str(runner)],
        input=json.dumps([each["code"] for each in pieces]),
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [each["printed"] or "" for each in pieces]


def test_the_page_has_a_run_of_its_own_and_is_found_from_the_readme() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "nominate(adapter" in text
    assert "end-to-end-test.jsonl" in text
    assert "docs/research.md" in (ROOT / "README.md").read_text(encoding="utf-8")
