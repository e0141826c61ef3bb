"""diffusers' own FLUX converters are the oracle of original names and of the rows of fused matrices."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from diffusers.loaders import lora_conversion_utils as converters
from numpy.typing import NDArray
from safetensors.numpy import load

from lorascan.bases import manifests
from lorascan.dialects import read_adapter
from lorascan.dialects.natives import natives
from lorascan.weights.canonical import canonical
from tests.adapters.builders import vetted_tensors

Tensors = dict[str, NDArray[np.float32]]
FLUX = next(each for each in manifests() if each.family == "flux1_dev")
SHAPES = FLUX.modules["transformer"]
ORIGINAL = {name.replace(".N.", ".0."): [part.replace(".N.", ".0.") for part in parts] for name, parts in natives()["flux"].modules.items()}
CORE = [name for name in ORIGINAL if name.startswith(("double_blocks", "single_blocks")) and "processor" not in name]
XLABS = [name for name in ORIGINAL if "processor" in name]


def pair(stem: str, original: str, endings: tuple[str, str], seed: int) -> Tensors:
    """Rank-2 factors for one original module."""
    random = np.random.default_rng(seed)
    parts = ORIGINAL[original]
    rows, columns = sum(SHAPES[each][0] for each in parts), SHAPES[parts[0]][1]
    return {
        f"{stem}{endings[0]}": random.standard_normal((2, columns)).astype(np.float32),
        f"{stem}{endings[1]}": random.standard_normal((rows, 2)).astype(np.float32),
    }


def kohya() -> Tensors:
    found: Tensors = {}
    for seed, name in enumerate(CORE):
        stem = f"lora_unet_{name.replace('.', '_')}"
        found |= pair(stem, name, (".lora_down.weight", ".lora_up.weight"), seed) | {f"{stem}.alpha": np.array(3.0, dtype=np.float32)}
    return found


def xlabs() -> Tensors:
    return {key: value for seed, name in enumerate(XLABS) for key, value in pair(name, name, (".down.weight", ".up.weight"), seed).items()}


def effect(state: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float64]]:
    """ΔW·x by module path for a fixed x, from factors under diffusers' names."""
    stems = {name.rsplit(".lora_", 1)[0] for name in state}
    found = {}
    for stem in stems:
        down, up = (state[f"{stem}.lora_{side}.weight"].astype(np.float64) for side in "AB")
        found[stem.removeprefix("transformer.")] = up @ (down @ np.sin(np.arange(down.shape[1])))
    return found


@pytest.mark.parametrize(
    ("tensors", "convert", "dialect"),
    [
        (kohya(), converters._convert_kohya_flux_lora_to_diffusers, "kohya-flux"),
        (xlabs(), converters._convert_xlabs_flux_lora_to_diffusers, "xlabs"),
    ],
    ids=["kohya", "xlabs"],
)
def test_fused_matrices_are_cut_as_diffusers_cuts_them(tensors: Tensors, convert: Callable, dialect: str) -> None:  # type: ignore[type-arg]
    file = vetted_tensors(tensors)

    adapter = read_adapter(file, (FLUX,))
    found = effect(load(canonical(adapter, file)))
    converted = convert({name: torch.from_numpy(value.copy()) for name, value in tensors.items()})
    expected = effect({name: value.numpy() for name, value in converted.items()})

    assert adapter.facts.dialects == (dialect,)
    assert set(found) == set(expected) == {each.module_path for each in adapter.updates}
    for path, wanted in expected.items():
        assert np.abs(found[path] - wanted).max() <= 1e-6 * np.abs(wanted).max()
