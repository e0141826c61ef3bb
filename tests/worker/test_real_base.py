"""The same code on a base that is not the lab."""

from pathlib import Path

import pytest

from lorascan.auditing import audit
from lorascan.core.behaviour import Candidates, IsolationFacts, LoadFacts, ProbeFacts
from lorascan.core.evidence import StageName, Status
from lorascan.core.findings import Decision
from lorascan.core.report import Report
from lorascan.lab.assets import clip_folder
from lorascan.settings import Settings, settings_of
from tests.worker.real_bases import adapter_for, small_sd15

QUICK = {
    "sweep_tokens": 64,
    "narrowed_tokens": 32,
    "nominated": 3,
    "select_pairs": 2,
    "confirmed": 1,
    "confirm_pairs": 6,
    "controls": 4,
    "dosed": 1,
    "dose_pairs": 2,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bases")
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    return small_sd15(folder / "sd15")


def settings(base: Path | None, **values: object) -> Settings:
    return settings_of(base=str(base) if base else None, scorer=clip_folder(), budget=QUICK, **values)


def stages(report: Report) -> dict[StageName, Status]:
    return {stage.name: stage.status for stage in report.evidence.stages}


@pytest.mark.parametrize("names", ["diffusers", "kohya"])
def test_an_adapter_is_loaded_hunted_and_probed_on_a_stable_diffusion_folder(base: Path, tmp_path: Path, names: str) -> None:
    path = adapter_for(base, tmp_path / f"{names}.safetensors", names=names)
    report = audit(path, settings(base))
    assert stages(report) == dict.fromkeys(StageName, Status.RAN), report.evidence.stages
    loaded = report.evidence[LoadFacts]
    assert loaded.pipeline_class == "StableDiffusionPipeline"
    assert loaded.applied == loaded.expected == report.evidence.facts[2].facts.update_count > 60
    assert loaded.scale_zero_identical
    assert loaded.base_digest_before == loaded.base_digest_loaded == loaded.base_digest_after
    assert {facts.role for facts in report.evidence.all(IsolationFacts)} == {"reference", "adapted"}
    assert all(all(facts.checks.values()) for facts in report.evidence.all(IsolationFacts))
    assert any("not denoised" in limit for limit in report.evidence[Candidates].limits)
    assert len({row.scale for row in report.evidence[ProbeFacts].observations}) == 6
    assert report.verdict.decision is not Decision.UNDECIDED


def test_without_the_base_the_static_stages_run_and_the_report_says_what_is_missing(base: Path, tmp_path: Path) -> None:
    path = adapter_for(base, tmp_path / "a.safetensors", names="kohya")
    report = audit(path, settings(None))
    assert stages(report)[StageName.WEIGHTS] is Status.RAN
    assert stages(report)[StageName.LOAD] is Status.NOT_RUN
    assert report.verdict.decision is Decision.UNDECIDED
    assert "--base" in " ".join(report.verdict.not_assessed)


def test_a_base_of_pickles_only_is_never_loaded(tmp_path: Path) -> None:
    pickled = small_sd15(tmp_path / "pickled", safetensors=False)
    sound = small_sd15(tmp_path / "sound")
    path = adapter_for(sound, tmp_path / "a.safetensors", names="diffusers")
    report = audit(path, settings(pickled))
    assert report.verdict.decision is Decision.UNDECIDED
    assert "safetensors" in " ".join(report.verdict.not_assessed)


def test_an_adapter_whose_base_differs_is_not_admitted(base: Path, tmp_path: Path) -> None:
    from lorascan.lab.assets import base_folder

    path = adapter_for(base, tmp_path / "a.safetensors", names="diffusers")
    report = audit(path, replace_base(settings(base), base_folder()))
    assert report.verdict.decision in (Decision.REJECT, Decision.UNDECIDED, Decision.REVIEW)


def replace_base(given: Settings, folder: Path) -> Settings:
    return given.model_copy(update={"base": str(folder)})
