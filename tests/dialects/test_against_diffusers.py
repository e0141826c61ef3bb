"""diffusers' own converter is the oracle of kohya's names."""

from types import SimpleNamespace

import pytest
import torch
from diffusers.loaders.lora_conversion_utils import (
    _convert_non_diffusers_lora_to_diffusers,
    _maybe_map_sgm_blocks_to_diffusers,
)
from diffusers.utils.state_dict_utils import convert_unet_state_dict_to_peft

from lorascan.bases import manifests
from lorascan.dialects import kohya
from lorascan.dialects._sgm import sgm_names

MANIFESTS = {each.family: each for each in manifests()}


def by_diffusers(stem: str) -> str:
    """The module path that diffusers gives to a kohya stem."""
    empty = torch.zeros(1, 1)
    state = {f"{stem}.lora_down.weight": empty, f"{stem}.lora_up.weight": empty}
    state = _maybe_map_sgm_blocks_to_diffusers(state, SimpleNamespace(layers_per_block=2))
    converted, _ = _convert_non_diffusers_lora_to_diffusers(state)
    names = convert_unet_state_dict_to_peft({name.removeprefix("unet."): empty for name in converted})
    (path,) = {name.rsplit(".lora_", 1)[0] for name in names}
    return path


def test_every_original_name_of_sdxl_is_read_as_diffusers_reads_it() -> None:
    names = sgm_names(MANIFESTS["sdxl"].modules["unet"])

    assert len(names) == len(MANIFESTS["sdxl"].modules["unet"]) == 794
    for original, path in names.items():
        stem = f"lora_unet_{original.replace('.', '_')}"
        (place,) = kohya.DIALECT.places(stem, "lora_down", MANIFESTS["sdxl"])
        assert by_diffusers(stem) == path == place.module_path


@pytest.mark.parametrize("family", ["sd15", "sd2"])
def test_every_flattened_name_is_read_as_diffusers_reads_it(family: str) -> None:
    for path in MANIFESTS[family].modules["unet"]:
        stem = f"lora_unet_{path.replace('.', '_')}"
        (place,) = kohya.DIALECT.places(stem, "lora_down", MANIFESTS[family])

        assert place.module_path == path
        assert by_diffusers(stem) == path
