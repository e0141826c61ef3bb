"""What honest adapters of one's own teach, and how a new one is compared with them."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lorascan.auditing import judged
from lorascan.calibration import compared, learnt, read_calibration
from lorascan.cli import main  # noqa: F401 - the command line is imported once, outside of any test's time
from lorascan.core.adapter import FileFacts
from lorascan.core.behaviour import Candidates, LoadFacts, ProbeFacts, TriggerTest
from lorascan.core.calibration import EVERY, Calibration
from lorascan.core.errors import UsageError
from lorascan.core.findings import Decision
from lorascan.core.report import Report
from lorascan.detectors._margins import IN_FORCE
from lorascan.detectors.hidden_triggers import RATIO, REPLACED
from lorascan.policy import Rulebook
from lorascan.reporting import render
from tests.cli.in_process import caller
from tests.detectors.words import passing
from tests.reporting import examples

RULES = Rulebook()


def made(score: float, kind: str = "candidate") -> TriggerTest:
    """A word whose margin is `score`, by the share of the prompt's concept that is lost."""
    return passing(kind, mismatch=score * REPLACED, target_gain=score * REPLACED, p_value=0.5)


def report(number: int, score: float, *, declared: bool = True) -> Report:
    """An honest report of its own bytes."""
    found = examples.honest(f"adapter-{number}.safetensors")
    words = (made(score), made(0.0, "declared")) if declared else (made(score),)

    def own(fact: Any) -> Any:
        if isinstance(fact, FileFacts):
            return replace(fact, sha256=f"{number:064x}")
        return replace(fact, tests=words) if isinstance(fact, ProbeFacts) else fact

    return replace(found, evidence=replace(found.evidence, facts=tuple(map(own, found.evidence.facts))))


def changed(one: Report, kind: type, **values: Any) -> Report:
    """The report with other values in its fact of this kind."""
    facts = tuple(replace(each, **values) if isinstance(each, kind) else each for each in one.evidence.facts)  # type: ignore[type-var]  # a fact
    return replace(one, evidence=replace(one.evidence, facts=facts))


def calibration(folder: Path, count: int, *, declared: Callable[[int], bool] = lambda _: True) -> Calibration:
    """Of `count` adapters with the scores 0, 1/count, 2/count, …"""
    path = folder / "own.json"
    path.write_text(learnt(report(each, each / count / 2, declared=declared(each)) for each in range(count)), encoding="utf-8")
    return read_calibration(path)


def test_the_p_value_is_the_share_of_honest_adapters_that_score_as_high(tmp_path: Path) -> None:
    known = calibration(tmp_path, 99)
    middle, top = compared(report(1000, 0.25).evidence, known), compared(report(1000, 0.9).evidence, known)

    assert middle is not None
    assert top is not None
    assert middle.p_value == pytest.approx(0.5, abs=0.02)
    assert (top.p_value, top.n, top.level) == (0.01, 99, 0.01)


def test_one_that_stands_out_goes_to_review_and_cites_the_calibration(tmp_path: Path) -> None:
    known = calibration(tmp_path, 99)
    found = judged(report(1000, 0.9), replace(RULES, calibration=known))

    assert found.verdict.decision is Decision.REVIEW
    assert [each.rule.code for each in found.findings] == ["LS810"]
    assert known.sha256[:16] in found.findings[0].where
    assert found.verdict.scope["calibration"] == f"sha256:{known.sha256}"
    assert found.verdict.scope["calibration_p"] == 0.01


def test_one_like_the_others_is_not_held_and_the_report_says_so(tmp_path: Path) -> None:
    found = judged(report(1000, 0.2), replace(RULES, calibration=calibration(tmp_path, 99)))

    assert found.verdict.decision is Decision.ADMIT
    assert found.verdict.scope["calibration_n"] == 99


def test_without_a_calibration_the_report_says_that_the_labs_thresholds_were_used(tmp_path: Path) -> None:
    held = judged(report(1000, 0.9), replace(RULES, calibration=calibration(tmp_path, 99)))
    again = judged(held, RULES)

    assert again.verdict.scope["thresholds"] == "learnt on the lab"
    assert "calibration" not in again.verdict.scope
    assert again.findings == ()


def test_a_calibration_lifts_no_rejection(tmp_path: Path) -> None:
    """Honest adapters may score as high as they like."""
    path = tmp_path / "own.json"
    path.write_text(learnt(report(each, 2.0) for each in range(99)), encoding="utf-8")
    backdoored = examples.backdoored()
    before, after = judged(backdoored, RULES), judged(backdoored, replace(RULES, calibration=read_calibration(path)))

    assert before.verdict.decision is after.verdict.decision is Decision.REJECT


@pytest.mark.parametrize(("count", "level"), [(18, None), (19, 0.05), (98, 0.05), (99, 0.01)])
def test_few_honest_adapters_allow_no_small_p(tmp_path: Path, count: int, level: float | None) -> None:
    facts = compared(report(1000, 0.9).evidence, calibration(tmp_path, count))
    found = judged(report(1000, 0.9), replace(RULES, calibration=calibration(tmp_path, count)))

    assert facts is not None
    assert facts.level == level
    assert (found.verdict.decision is Decision.REVIEW) == (level is not None)


def test_an_adapters_own_group_is_compared_first_and_all_where_it_is_too_small(tmp_path: Path) -> None:
    known = calibration(tmp_path, 120, declared=lambda each: each < 100)
    declares, silent = (compared(report(1000, 0.9, declared=each).evidence, known) for each in (True, False))

    assert declares is not None
    assert silent is not None
    assert (declares.n, declares.level) == (100, 0.01)
    assert "words declared" in declares.group
    assert (silent.group, silent.n, silent.level) == (EVERY, 120, 0.01)


def test_an_adapter_of_the_calibration_is_not_compared_with_itself(tmp_path: Path) -> None:
    facts = compared(report(98, 98 / 99 / 2).evidence, calibration(tmp_path, 99))
    assert facts is not None
    assert (facts.n, facts.p_value) == (98, 1 / 99)


@pytest.mark.parametrize(
    ("kind", "values", "why"),
    [(LoadFacts, {"base_sha256": "f" * 64}, "another base"), (Candidates, {"budget": "thorough"}, "another budget")],
)
def test_what_was_audited_otherwise_is_not_compared_and_that_is_said(tmp_path: Path, kind: type, values: dict[str, Any], why: str) -> None:
    known = calibration(tmp_path, 99)
    found = judged(changed(report(1000, 0.9), kind, **values), replace(RULES, calibration=known))

    assert why in str(found.verdict.scope["calibration_unused"])
    assert found.findings == ()
    with pytest.raises(UsageError, match="different"):
        learnt([report(1, 0.1), changed(report(2, 0.1), kind, **values)])


def test_the_file_is_the_same_whatever_the_order_and_however_often_an_adapter_is_told() -> None:
    reports = [report(each, each / 10) for each in range(5)]
    assert learnt(reports) == learnt([*reversed(reports), reports[2]])


CONTENT = learnt(report(each, each / 40) for each in range(20))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("family", "other", "changed after"),
        ("sha256", "0" * 64, "changed after"),
        ("schema", "lorascan/report/v1", "no lorascan/calibration/v1"),
        ("adapters", [], "not valid"),
        ("adapters", [{"sha256": "0" * 64, "score": -1.0, "text_encoder": True, "declared": True}], "not valid"),
        ("adapters", [{"sha256": "0" * 64, "score": 1e300, "text_encoder": True, "declared": True}], "not valid"),
        ("adapters", {"sha256": 3}, "not valid"),
        ("base_sha256", "../../etc", "not valid"),
        ("thresholds", {"ratio": "x"}, "not valid"),
        ("extra", 1, "not valid"),
    ],
)
def test_a_calibration_that_was_touched_or_never_was_one_is_refused(tmp_path: Path, name: str, value: object, why: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(json.loads(CONTENT) | {name: value}), encoding="utf-8")
    with pytest.raises(UsageError, match=why):
        read_calibration(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    raw=st.one_of(
        st.binary(max_size=60),
        st.sampled_from([b"[" * 100_000, b'{"schema": "lorascan/calibration/v1", "a": ' + b"9" * 5000 + b"}", b"null", b"\xff"]),
        st.tuples(st.integers(0, len(CONTENT) - 1), st.binary(min_size=1, max_size=3)).map(
            lambda cut: CONTENT.encode()[: cut[0]] + cut[1] + CONTENT.encode()[cut[0] + 1 :]
        ),
    )
)
def test_any_bytes_are_a_calibration_or_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(raw)
    with suppress(UsageError):
        assert len(read_calibration(path).adapters) == 20


def test_scores_of_other_thresholds_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.json"
    path.write_text(CONTENT, encoding="utf-8")
    monkeypatch.setattr("lorascan.calibration.IN_FORCE", replace(IN_FORCE, ratio=RATIO + 1))
    with pytest.raises(UsageError, match="other thresholds"):
        read_calibration(path)


def test_the_command_learns_from_stored_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller(monkeypatch, capsys)
    reports, out = tmp_path / "reports", tmp_path / "own.json"
    reports.mkdir()
    for each in range(20):
        (reports / f"{each}.json").write_text(render(report(each, each / 40), "json"), encoding="utf-8")
    (reports / "adapter_config.json").write_text("{}", encoding="utf-8")

    code, said, _ = call("calibrate", reports, "-o", out, "-q", "--no-cache")
    assert (code, len(read_calibration(out).adapters)) == (0, 20)
    assert "20 honest adapters, compares at p ≤ .05" in said

    (reports / "refused.json").write_text(render(examples.refused(), "json"), encoding="utf-8")
    code, _, told = call("calibrate", reports, "-o", out, "-q", "--no-cache")
    assert (code, len(read_calibration(out).adapters)) == (3, 20)
    assert "left out: broken.safetensors" in told


def test_the_command_finds_nothing_in_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller(monkeypatch, capsys)
    assert call("calibrate", tmp_path, "-o", tmp_path / "own.json", "-q", "--no-cache")[0] == 4
    assert call("calibrate", tmp_path, "-o", tmp_path / "no" / "own.json", "-q", "--no-cache")[0] == 2
    (tmp_path / "own.json").write_text("{}", encoding="utf-8")
    assert call("audit", tmp_path, "--calibration", tmp_path / "own.json")[0] == 2
