"""Honest community files raise nothing that would hold them up."""

import json
from pathlib import Path

import pytest

from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Severity
from lorascan.detectors import detectors
from lorascan.intake import vet
from lorascan.settings import Limits
from tests.hostile.builders import adapter, container
from tests.hostile.texts import HONEST

REAL = Path(__file__).parent.parent / "data" / "real_adapters"
MINE = (
    "adapter_config",
    "container",
    "hidden_characters",
    "hidden_payloads",
    "hostile_text",
    "refusals",
    "tensor_names",
)


def examine(path: Path) -> list[Finding]:
    gathered = Evidence(facts=(vet(path, Limits()).facts,))
    return [found for name in MINE for found in detectors()[name].examine(gathered)]


@pytest.mark.parametrize("path", ["cloneofsimo/lora_disney", "cloneofsimo/analog_svd_rank4", "catundchat/pytorch_lora_weights"])
def test_a_real_file_is_silent(path: str) -> None:
    """The strict gate alarms on none of them."""
    assert examine(REAL / f"{path}.safetensors") == []


@pytest.mark.parametrize("path", sorted(REAL.glob("*/*.json")) + sorted(REAL.glob("*.json")), ids=lambda each: each.stem)
def test_real_key_names_are_silent(path: Path, tmp_path: Path) -> None:
    """Thousands of published tensor names, FLUX to LoKr."""
    listed = json.loads(path.read_text())
    names = dict.fromkeys(listed)
    header = {name: {"dtype": "U8", "shape": [1], "data_offsets": [at, at + 1]} for at, name in enumerate(names)}
    file = tmp_path / "a.safetensors"
    file.write_bytes(container(header, bytes(len(header))))

    assert examine(file) == []


def test_a_training_log_full_of_look_alikes_is_silent(tmp_path: Path) -> None:
    """All honest texts at once, as a kohya log would hold them."""
    tags = json.dumps({"10_sks": {text[:200]: 3 for text in HONEST.values()}})
    file = tmp_path / "a.safetensors"
    file.write_bytes(adapter({**HONEST, "ss_tag_frequency": tags, "ss_network_dim": "32", "ss_network_alpha": "16"}))

    assert [each for each in examine(file) if each.severity in (Severity.HIGH, Severity.MEDIUM)] == []
