"""Makes the manifests from the configurations of the families.

Run as `python -m lorascan.bases._generate [FAMILY…]`. Imports torch, diffusers and transformers, which nothing else in
this package does but `_patch_vae`; the networks are built on the meta device, so that no weights are needed.
"""

import importlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from lorascan.bases._family import Family, Model
from lorascan.bases._manifests import FOLDER, SHARED, families
from lorascan.bases._patterns import folded

_MODULES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""What a low-rank update can address."""
_ELSEWHERE = {
    "WuerstchenPrior": "diffusers.pipelines.deprecated.wuerstchen",
    "WuerstchenDiffNeXt": "diffusers.pipelines.deprecated.wuerstchen",
}


def manifest_json(family: Family) -> dict[str, Any]:
    """What the family's manifest file holds: parameter counts and folded module paths per component.

    A network that families share is named, and its modules are stored in the file of shared networks.
    """
    made = {name: model.name or network_json(model) for name, model in family.models.items()}
    return {"family": family.name, "unverified": family.unverified, "networks": made}


def shared_json(which: Mapping[str, Family]) -> dict[str, Any]:
    """The networks that families share, by name."""
    found = {model.name: model for family in which.values() for model in family.models.values() if model.name}
    return {name: network_json(found[name]) for name in sorted(found)}


def network_json(model: Model) -> dict[str, Any]:
    """One network's parameter count, and the weight shape of every linear and convolution module."""
    network = _build(model)
    shapes = {path: tuple(module.weight.shape) for path, module in network.named_modules() if isinstance(module, _MODULES)}
    return {"parameters": sum(each.numel() for each in network.parameters()), "modules": folded(shapes)}


def _build(model: Model) -> nn.Module:
    module: Any = importlib.import_module(_ELSEWHERE.get(model.class_name, model.library))
    network_class = getattr(module, model.class_name)
    with torch.device("meta"):
        if model.library == "diffusers":
            return network_class(**model.config)
        return network_class(network_class.config_class(**model.config))


def _write(name: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")


def main(names: list[str]) -> None:
    """Write the manifests of the named families, of all where none is named, and that of the shared networks they name."""
    FOLDER.mkdir(exist_ok=True)
    wanted = names or sorted(families())
    for name in wanted:
        _write(name, manifest_json(families()[name]))
    if any(model.name for name in wanted for model in families()[name].models.values()):
        _write(SHARED, shared_json(families()))


if __name__ == "__main__":
    main(sys.argv[1:])
