"""What readers have got they keep getting: every format against its golden files, and the shipped samples against their JSON."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lorascan.core.shipped import shipped
from lorascan.reporting import PLAIN, formats, load
from tests.reporting.golden_reports import EXAMPLES, FOLDER, MOMENT, compared, golden_path, told

SAMPLES = shipped("reports", "samples")
FROM_JSON = sorted(each.name for each in formats().values() if each.suffixes and each.pack is None and each.name not in ("json", "html"))
"""Formats whose samples can be written again from the JSON sample; it holds no pictures, so that a page cannot."""


@pytest.mark.parametrize("name", sorted(formats()))
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_format_writes_what_its_golden_file_holds(monkeypatch: pytest.MonkeyPatch, name: str, example: str) -> None:
    """A new format joins by itself. Where a change is meant: `python -m tests.reporting.golden_reports`, then look at the difference."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", MOMENT)
    kind = formats()[name]

    assert compared(kind, told(kind, example)) == compared(kind, golden_path(kind, example).read_bytes())


def test_no_golden_file_is_left_of_a_format_that_is_gone() -> None:
    assert set(FOLDER.iterdir()) == {golden_path(kind, example) for kind in formats().values() for example in EXAMPLES}


@pytest.mark.parametrize("label", ["honest", "backdoored"])
@pytest.mark.parametrize("name", FROM_JSON)
def test_a_shipped_sample_is_what_its_json_sample_gives_today(name: str, label: str) -> None:
    kind = formats()[name]
    report = load((SAMPLES / f"{label}.json").read_text(encoding="utf-8"))

    assert kind.render(report, PLAIN) == (SAMPLES / f"{label}{kind.suffixes[0]}").read_text(encoding="utf-8")


def test_golden_files_can_be_written_anew_into_an_empty_folder(tmp_path: Path) -> None:
    program = "import sys, pathlib; from tests.reporting import golden_reports as g; g.FOLDER = pathlib.Path(sys.argv[1]); g.main()"
    root = Path(__file__).parents[2]

    subprocess.run([sys.executable, "-c", program, tmp_path], check=True, cwd=root, env={**os.environ, "SOURCE_DATE_EPOCH": "1"})

    assert {each.name for each in tmp_path.iterdir()} == {each.name for each in FOLDER.iterdir()}
