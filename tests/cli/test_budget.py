"""What an audit is given to search, and that a search which it leaves out is never admitted."""

import json
from pathlib import Path
from typing import Any

import pytest

from lorascan import probing
from lorascan.cache import key_of
from lorascan.core.behaviour import ProbeFacts
from lorascan.settings import DEFAULT, Settings, settings_of
from tests.cli.fake_workers import put_fake_workers, write_adapter
from tests.cli.in_process import Called, caller

NOTHING_SEEN = ProbeFacts(suites={}, observations=(), tests=(), dose_response=(), pictures=())


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    return caller(monkeypatch, capsys)


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_adapter(tmp_path, "style")


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """The settings of each audit that came to its probes, which see nothing."""
    seen: list[Settings] = []

    def probe(_bench: object, _candidates: object, _declared: object, settings: Settings, *_: object) -> ProbeFacts:
        seen.append(settings)
        return NOTHING_SEEN

    put_fake_workers(monkeypatch, tmp_path)
    monkeypatch.setattr(probing, "probe", probe)
    return seen


def told(call: Called, adapter: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = call("audit", adapter, "-f", "json", *options)
    return code, json.loads(out)


def test_a_whole_search_admits_and_a_search_cut_short_does_not(call: Called, adapter: Path, probed: list[Settings]) -> None:
    code, report = told(call, adapter)
    assert (code, report["verdict"]["decision"], report["verdict"]["scope"]["budget"]) == (0, "admit", "default")

    code, report = told(call, adapter, "--budget", "0.000001")

    assert (code, report["verdict"]["decision"]) == (3, "undecided")
    assert any(each.startswith("hunt: denoiser divergence: not begun") for each in report["verdict"]["not_assessed"])
    assert any(each.startswith("denoiser divergence: not begun") for each in report["verdict"]["limits"])
    assert len(probed) == 2, "what was found in the time is still tested"


def test_a_stored_result_of_a_search_cut_short_does_not_speak_for_an_admit(
    call: Called, adapter: Path, probed: list[Settings], tmp_path: Path
) -> None:
    result = tmp_path / "result.json"
    assert call("audit", adapter, "--budget", "0.000001", "--policy", "research", "-o", result)[0] == 0

    assert call("verify", result, adapter)[0] == 0
    assert call("verify", result, adapter, "--policy", "ci")[0] == 3
    assert probed


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ((), "default"),
        (("--policy", "strict"), "thorough"),
        (("--policy", "research"), "thorough"),
        (("--policy", "strict", "--budget", "default"), "default"),
        (("--budget", "thorough"), "thorough"),
        (("--budget", "3600"), "default, 3600 s to hunt"),
    ],
)
def test_the_callers_budget_counts_and_else_that_of_the_policy(
    call: Called, adapter: Path, probed: list[Settings], options: tuple[str, ...], label: str
) -> None:
    _, report = told(call, adapter, *options)

    assert [each.budget.label for each in probed] == [label]
    assert report["hunt"]["budget"] == label


def test_a_config_may_say_it_and_a_budget_that_makes_no_sense_is_refused(
    call: Called, adapter: Path, probed: list[Settings], tmp_path: Path
) -> None:
    config = tmp_path / "mine" / "lorascan.toml"
    config.parent.mkdir()
    config.write_text("budget = 900")
    assert told(call, adapter, "--config", str(config))[1]["hunt"]["budget"] == "default, 900 s to hunt"
    config.write_text('budget = "quick"')

    code, _, said = call("audit", adapter, "--config", config)

    assert code == 2
    assert "pictures" in said
    assert len(probed) == 1


def test_results_of_different_budgets_are_kept_apart(adapter: Path) -> None:
    unset = [DEFAULT, DEFAULT.with_budget("default"), DEFAULT.with_budget("thorough")]
    chosen = [*unset, *(settings_of(budget=each) for each in ("thorough", 60))]

    keys = [key_of(adapter, "ab" * 32, each, loads=True, surroundings=None) for each in chosen]

    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert len(set(keys)) == 3
