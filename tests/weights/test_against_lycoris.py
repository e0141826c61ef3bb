"""LyCORIS' own modules are the oracle of every kind that it writes: names, α, ΔW."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from lycoris.modules import (
    ButterflyOFTModule,
    DiagOFTModule,
    FullModule,
    GLoRAModule,
    IA3Module,
    LoConModule,
    LohaModule,
    LokrModule,
    NormModule,
)
from numpy.typing import NDArray
from torch import nn

from lorascan.bases import BaseTensor
from lorascan.core.tensors import TensorSpan
from lorascan.dialects import read_adapter
from lorascan.weights.decode import FORMATS
from lorascan.weights.formed import formed, why_not
from lorascan.weights.numbers import survey
from lorascan.weights.operands import Source
from lorascan.weights.pairs import pair
from tests.adapters.builders import vetted_tensors

Dense = NDArray[np.float64]
STEM = "lora_unet_x"
LINEAR, CONV, NORM = (lambda: nn.Linear(20, 24)), (lambda: nn.Conv2d(6, 12, 3)), (lambda: nn.LayerNorm(24))
DORA = {"weight_decompose": True}
CASES: dict[str, tuple[Any, Callable[[], nn.Module], dict[str, object], str]] = {
    "lora": (LoConModule, LINEAR, {}, "lora"),
    "rank-stabilised lora": (LoConModule, LINEAR, {"rs_lora": True}, "lora"),
    "locon": (LoConModule, CONV, {}, "locon"),
    "tucker": (LoConModule, CONV, {"use_tucker": True}, "tucker"),
    "dora by rows": (LoConModule, LINEAR, {**DORA, "wd_on_out": True}, "dora"),
    "dora by columns": (LoConModule, LINEAR, {**DORA, "wd_on_out": False}, "dora"),
    "dora of a convolution": (LoConModule, CONV, {**DORA, "wd_on_out": False}, "dora"),
    "loha": (LohaModule, LINEAR, {}, "loha"),
    "loha of a convolution": (LohaModule, CONV, {}, "loha"),
    "loha with cores": (LohaModule, CONV, {"use_tucker": True}, "loha"),
    "loha with a magnitude": (LohaModule, LINEAR, DORA, "dora"),
    "lokr": (LokrModule, LINEAR, {"lora_dim": 1}, "lokr"),
    "lokr of two products": (LokrModule, LINEAR, {"lora_dim": 1, "decompose_both": True}, "lokr"),
    "lokr of two whole sides": (LokrModule, LINEAR, {"full_matrix": True}, "lokr"),
    "lokr of a convolution": (LokrModule, CONV, {"lora_dim": 1}, "lokr"),
    "lokr with a core": (LokrModule, CONV, {"lora_dim": 1, "use_tucker": True}, "lokr"),
    "lokr with a magnitude": (LokrModule, LINEAR, {"lora_dim": 1, **DORA}, "dora"),
    "full difference": (FullModule, LINEAR, {}, "diff"),
    "norm": (NormModule, NORM, {}, "norm"),
    "(IA)³ on outputs": (IA3Module, LINEAR, {}, "ia3"),
    "(IA)³ on inputs": (IA3Module, LINEAR, {"train_on_input": True}, "ia3"),
    "(IA)³ of a convolution's inputs": (IA3Module, CONV, {"train_on_input": True}, "ia3"),
    "oft": (DiagOFTModule, LINEAR, {}, "oft"),
    "oft with a scale": (DiagOFTModule, CONV, {"rescaled": True}, "oft"),
    "oft with a bound": (DiagOFTModule, LINEAR, {"constraint": 0.05}, "oft"),
    "boft": (ButterflyOFTModule, lambda: nn.Linear(20, 32), {}, "boft"),
    "boft with a scale": (ButterflyOFTModule, lambda: nn.Linear(20, 32), {"rescaled": True}, "boft"),
    "glora": (GLoRAModule, LINEAR, {}, "glora"),
    "glora of a convolution": (GLoRAModule, CONV, {}, "glora"),
    "glora with a core": (GLoRAModule, CONV, {"use_tucker": True}, "glora"),
}
"""LyCORIS' class, the module that it wraps, its arguments, and the kind that lorascan must find."""


def wrapped(case: str) -> tuple[Any, Dense]:
    """A module of LyCORIS with random parameters, and the weight that it changes."""
    writer, make, arguments, _ = CASES[case]
    torch.manual_seed(0)
    original = make()
    before = original.weight.detach().clone().double().numpy()
    further = {} if writer is NormModule else {"lora_dim": 4, "alpha": 2.0, **arguments}
    module = writer(STEM, original, 1.0, **further)
    trained = {"oft_blocks", *(name for name, _ in module.named_parameters() if not name.startswith("org"))}
    with torch.no_grad():
        for name in sorted(trained & set(dict([*module.named_parameters(), *module.named_buffers()]))):
            each = getattr(module, name) if "." not in name else module.get_parameter(name)
            each.copy_(0.3 * torch.randn(each.shape))
    if writer is FullModule:
        module.apply_to()
    return module, before


def applied(module: Any, before: Dense) -> Dense:
    """The weight that the module's forward pass uses.

    LoHa and LoKr are asked for theirs: version 4.1.3 scales them twice where it merges, once where it trains.
    """
    with torch.no_grad():
        if isinstance(module, FullModule):
            return module.weight.double().numpy()
        if not isinstance(module, LohaModule | LokrModule):
            return module.get_merged_weight()[0].double().numpy()
        merged = torch.from_numpy(before).float() + module.get_weight(before.shape)
        return (module.apply_weight_decompose(merged) if module.wd else merged).double().numpy()


def written(module: Any) -> dict[str, NDArray[Any]]:
    return {f"{STEM}.{name}": value.detach().contiguous().numpy() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("case", CASES)
def test_the_update_is_the_one_that_lycoris_applies(case: str) -> None:
    module, before = wrapped(case)
    flat = before.reshape(before.shape[0], -1)
    expected = applied(module, before).reshape(flat.shape) - flat

    file = vetted_tensors(written(module))
    adapter = read_adapter(file)
    update = next(each for each in adapter.updates if each.parameter == "weight")
    largest = {span.name: survey(file.content, span).max_abs for span in update.tensors if span.dtype in FORMATS}
    found = formed(update, Source(content=file.content, largest=largest), flat, before.shape)

    assert update.name == CASES[case][3]
    assert adapter.leftovers == ()
    assert why_not(update, before.shape) == ""
    assert np.abs(found - expected).max() <= 1e-6 * (np.abs(expected).max() + np.abs(before).max())
    if update.loadable:
        down, up = pair(update, file.content, base_tensor(before))
        assert (down.shape[1:], up.shape[0]) == (before.shape[1:], before.shape[0])
        product = up.reshape(before.shape[0], -1) @ down.reshape(-1, flat.shape[1])
        assert np.abs(product - found).max() <= 1e-9 * (np.abs(found).max() + np.abs(before).max())
    assert update.loadable == (CASES[case][3] != "norm")


def base_tensor(weight: Dense) -> BaseTensor:
    """The weight as a base folder stores it."""
    raw = weight.astype("<f8").tobytes()
    return BaseTensor(span=TensorSpan(name="weight", dtype="F64", shape=weight.shape, start=0, stop=len(raw)), content=memoryview(raw))


def test_the_oracle_covers_every_kind_that_lycoris_writes() -> None:
    found = {kind for _, _, _, kind in CASES.values()}
    assert found == {"lora", "locon", "tucker", "dora", "loha", "lokr", "diff", "norm", "ia3", "oft", "boft", "glora"}
