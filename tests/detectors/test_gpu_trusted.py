"""What a GPU adds to the trusted base is said, and accuses nobody."""

from dataclasses import replace

import pytest

from lorascan.core.evidence import Evidence
from lorascan.core.findings import Severity
from lorascan.detectors import gpu_trusted
from tests.detectors.test_behaviour import LOADED


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_a_load_on_a_gpu_names_the_driver_as_trusted(device: str) -> None:
    (finding,) = gpu_trusted.examine(Evidence(facts=(replace(LOADED, device=device),)))

    assert (finding.rule.code, finding.severity, finding.measured) == ("LS909", Severity.INFO, device)
    assert "driver" in finding.message
    assert "unverified" in finding.message


def test_a_load_on_a_cpu_adds_nothing() -> None:
    assert list(gpu_trusted.examine(Evidence(facts=(LOADED,)))) == []
