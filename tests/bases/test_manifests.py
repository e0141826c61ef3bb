"""The manifests that ship, and what makes them."""

import json

import pytest

from lorascan.bases import families, manifests
from lorascan.bases._generate import manifest_json
from lorascan.bases._manifests import FOLDER


@pytest.mark.parametrize("name", list(families()))
def test_a_manifest_counts_the_parameters_of_the_release(name: str) -> None:
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))

    assert stored["family"] == families()[name].name == name
    assert stored["parameters"]["unet"] == families()[name].parameters


@pytest.mark.parametrize("name", ["lab", "sd15"])
def test_a_manifest_made_again_is_the_one_that_ships(name: str) -> None:
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))

    assert manifest_json(name) == stored


def test_modules_are_named_as_the_installed_libraries_name_them() -> None:
    by_family = {each.family: each for each in manifests()}

    assert by_family["sd15"].shape("text_encoder", "encoder.layers.11.mlp.fc1") == (3072, 768)
    assert by_family["sdxl"].shape("text_encoder_2", "text_model.encoder.layers.31.mlp.fc1") == (5120, 1280)
    assert by_family["sdxl"].fits("unet", "conv_in", (320, 36))


def test_no_claim_names_two_families() -> None:
    claims = [claim for each in families().values() for claim in each.claims]

    assert len(claims) == len(set(claims))
    assert claims == [each.lower() for each in claims]
