"""`make demo`: both verdicts, every report, nothing kept. The audits themselves are those of the whole-audit tests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lorascan.core.report import Report
from lorascan.lab import demo
from lorascan.reporting import formats
from tests.reporting.examples import backdoored, honest


def audited(path: Path, **_: Any) -> Report:
    """In place of an audit: what both end with, the trigger named as the ledger has it."""
    if "style_declared" in path.name:
        return honest(path.name)
    report, word = backdoored(path.name), demo.shown_adapters()["backdoored"].trigger
    return replace(report, findings=tuple(replace(each, message=f"the undeclared text {word!r}") for each in report.findings))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LORASCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_both_verdicts_are_told_with_their_pages_and_nothing_is_kept(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "audit", audited)

    assert demo.demonstrate(tmp_path / "out")

    printed = capsys.readouterr().out
    assert printed.count("as expected: made as honest (no hidden trigger), verdict admit, exit code 0") == 1
    assert printed.count("verdict reject, exit code 1") == 1
    for label in ("honest", "backdoored"):
        assert f"full report: {tmp_path / 'out' / label}.html" in printed
        written = {each.name.partition(".")[2] for each in (tmp_path / "out").glob(f"{label}.*")}
        assert written == {each.suffixes[0][1:] for each in formats().values() if each.suffixes and not each.pack}
    assert not cache.exists(), "a demonstration is done anew each time"


@pytest.mark.parametrize("wrong", ["style_declared", "poisoned_unet"])
def test_a_verdict_that_is_not_as_expected_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    def mistaken(path: Path, **more: Any) -> Report:
        swapped = "poisoned_unet" if wrong == "style_declared" else "style_declared"
        return audited(Path(path.name.replace(wrong, swapped)), **more)

    monkeypatch.setattr(demo, "audit", mistaken)

    assert not demo.demonstrate(tmp_path / "out")
    assert "NOT AS EXPECTED" in capsys.readouterr().out
