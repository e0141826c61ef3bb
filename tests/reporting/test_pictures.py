"""Pictures are shown to those who ask for them, and left out for those who want none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lorascan.commands import _running
from lorascan.core.behaviour import ProbeFacts
from lorascan.core.report import Report
from lorascan.reporting import render
from tests.cli.in_process import Called, caller
from tests.reporting.examples import backdoored, honest, refused

SHOWN = '<img src="data:image/webp'


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    """An audit that ends at once, with pictures."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.safetensors").write_bytes(b"never read")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORASCAN_CACHE", "false")

    def audited(*_: Any, **__: Any) -> Report:
        return backdoored()

    monkeypatch.setattr(_running, "audit", audited)
    return caller(monkeypatch, capsys)


def kept(path: str) -> list[Any]:
    found: list[Any] = json.loads(Path(path).read_text(encoding="utf-8"))["probe"]["pictures"]
    return found


def test_no_images_leaves_pictures_out_of_page_and_json_and_keeps_what_was_measured(call: Called) -> None:
    code, _, _ = call("audit", "a.safetensors", "--no-images", "-o", "bare.html", "-o", "bare.json")
    assert code == 1, "the verdict is the same"
    call("audit", "a.safetensors", "-o", "full.html", "-o", "full.json")

    bare, full = (Path(name).read_text(encoding="utf-8") for name in ("bare.html", "full.html"))
    assert (bare.count(SHOWN), bare.count("data:image/webp")) == (0, 0)
    assert full.count(SHOWN) > 20
    assert (len(kept("bare.json")), len(kept("full.json")) > 20) == (0, True)
    told, all_told = (json.loads(Path(name).read_text(encoding="utf-8")) for name in ("bare.json", "full.json"))
    assert told["probe"]["tests"] == all_told["probe"]["tests"]
    assert "--no-images" in bare, "the page says why there are none"


def test_a_team_can_leave_pictures_out_by_its_config_and_a_call_can_ask_for_them_again(call: Called, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "lorascan.toml").write_text("images = false\n", encoding="utf-8")

    call("audit", "a.safetensors", "--config", "ours/lorascan.toml", "-o", "bare.json")
    call("audit", "a.safetensors", "--config", "ours/lorascan.toml", "--images", "-o", "full.json")

    assert (len(kept("bare.json")), len(kept("full.json")) > 20) == (0, True)


def test_a_stored_result_takes_the_same_option(call: Called) -> None:
    call("audit", "a.safetensors", "-o", "full.json")

    code, _, _ = call("report", "full.json", "--no-images", "-o", "again.html", "-o", "again.json")

    assert (code, kept("again.json")) == (0, [])
    assert SHOWN not in Path("again.html").read_text(encoding="utf-8")


def test_every_picture_of_a_page_stands_where_the_style_blurs_it() -> None:
    written = render(backdoored(), "html")
    style = written.partition("<style>")[2].partition("</style>")[0]

    assert ".shot img {" in style
    assert "filter: blur(" in style.partition(".shot img {")[2].partition("}")[0]
    assert written.count('<button type="button" class="shot"') == written.count(SHOWN)
    assert written.count('id="reveal"') == 1


def test_a_page_without_pictures_offers_no_switch() -> None:
    report = honest()
    facts = tuple(replace(each, pictures=()) if isinstance(each, ProbeFacts) else each for each in report.evidence.facts)

    for each in (refused(), replace(report, evidence=replace(report.evidence, facts=facts))):
        assert 'id="reveal"' not in render(each, "html")
