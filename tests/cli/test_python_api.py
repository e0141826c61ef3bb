"""lorascan from Python, as the README shows it."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

import lorascan
from lorascan import auditing, worker
from lorascan.core.errors import Refused, UsageError
from lorascan.core.evidence import StageName, Status
from lorascan.core.findings import Decision
from tests.adapters.builders import make_tensors


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    path = tmp_path / "honest.safetensors"
    path.write_bytes(save({name: (0.02 * value).astype(np.float32) for name, value in make_tensors(dialect="peft").items()}))
    return path


def test_audit_can_be_called_again_and_takes_text_or_path(honest: Path) -> None:
    decisions = [lorascan.audit(each, policy="static").verdict.decision for each in (honest, str(honest), honest)]
    assert decisions == [Decision.ADMIT] * 3


def test_a_setting_that_does_not_exist_is_a_usage_error(honest: Path) -> None:
    with pytest.raises(UsageError, match="polcy"):
        lorascan.audit(honest, polcy="static")


def test_without_the_heavy_libraries_it_is_undecided_and_says_what_to_install(honest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "find_spec", lambda _: None)
    report = lorascan.audit(honest)
    assert report.verdict.decision is Decision.UNDECIDED
    assert 'pip install "./lorascan[audit]"' in " ".join(report.verdict.not_assessed)
    assert {stage.name: stage.status for stage in report.evidence.stages}[StageName.LOAD] is Status.NOT_RUN


def test_the_front_exports_what_is_promised_and_is_typed() -> None:
    assert sorted(lorascan.__all__) == ["__version__", "audit", "read", "render"]
    assert all(hasattr(lorascan, each) for each in lorascan.__all__)
    assert dir(lorascan) == ["__version__", "analysis", "audit", "read", "render"]
    assert (Path(lorascan.__file__).parent / "py.typed").is_file()


def test_a_nomination_takes_text_or_path_too(honest: Path) -> None:
    honest.write_bytes(honest.read_bytes()[:-4])
    told = [auditing.nominate(each) for each in (honest, str(honest))]
    assert [[each.rule.code for each in rejecting] for _, rejecting in told] == [["LS103"]] * 2


def test_an_adapter_can_be_read_without_being_judged(honest: Path) -> None:
    adapter = lorascan.read(str(honest))

    assert len(adapter.updates) == 2
    assert adapter.leftovers == ()
    honest.write_bytes(honest.read_bytes()[:-4])
    with pytest.raises(Refused):
        lorascan.read(honest)


def test_a_report_is_rendered_and_shown_in_a_notebook_without_script_or_markup_of_the_file(tmp_path: Path, honest: Path) -> None:
    path = tmp_path / "<script>alert(1)<\u2044script>.safetensors"
    honest.rename(path)
    report = lorascan.audit(path, policy="static")

    shown = report._repr_html_()

    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert str(report.verdict.decision).upper() in shown
    assert '"schema"' in lorascan.render(report, "json")
    with pytest.raises(UsageError):
        lorascan.render(report, "docx")
