"""Attaches adapters to the base, proves what landed, takes them off."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from diffusers.utils import recurse_remove_peft_layers
from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer

from lorascan.worker.client import SUBJECT
from lorascan.worker.pipeline import Base


def canonical_tensors(content: memoryview) -> dict[str, torch.Tensor]:
    """The tensors of a file that the parent wrote: our own header, float32 only.

    The header's form is the parent's promise; anything else raises ValueError, which ends the worker.
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(bytes(content[8 : 8 + length]))
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            message = f"tensor {name} is {entry['dtype']}, the parent writes F32 only"
            raise ValueError(message)
        start, stop = entry["data_offsets"]
        values = np.frombuffer(content[8 + length + start : 8 + length + stop], dtype="<f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def attach(base: Base, tensors: Mapping[str, torch.Tensor], adapter: str = SUBJECT) -> tuple[int, list[str]]:
    """Load an adapter from a dict that we built: by diffusers where the pipeline has a loader for the component, else by peft.

    Returns the number of updates in the dict and the module paths that did not land with exactly the values given.
    """
    injected = _injected(base, tensors)
    rest = {name: value for name, value in tensors.items() if name.partition(".")[0] not in injected}
    if hasattr(base.pipeline, "load_lora_weights") and (rest or not injected):
        base.pipeline.load_lora_weights(rest, adapter_name=adapter)
    for component in injected:
        own = {name.removeprefix(f"{component}."): value for name, value in tensors.items() if name.startswith(f"{component}.")}
        _inject(base.part(component), own, adapter)
    stems = sorted({name.rsplit(".lora_", 1)[0] for name in tensors})
    return len(stems), [stem for stem in stems if not _landed(base, stem, tensors, adapter)]


def _injected(base: Base, tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """The components of the adapter that the pipeline's own loader leaves alone."""
    loaded = getattr(base.pipeline, "_lora_loadable_modules", ()) if hasattr(base.pipeline, "load_lora_weights") else ()
    present = {name.partition(".")[0] for name in tensors}
    return [name for name in base.parts() if name in present and name not in loaded]


def _inject(part: Any, tensors: Mapping[str, torch.Tensor], adapter: str) -> None:  # noqa: ANN401 - a network of diffusers or transformers
    """Put factors, named by module path, into one network; α equals the rank, so that the scaling is 1."""
    known = dict(part.named_modules())
    sides = ("lora_A.weight", "lora_B.weight")
    own = {name: value for name, value in tensors.items() if name.partition(".lora_")[0] in known and name.endswith(sides)}
    ranks = {name.removesuffix(".lora_A.weight"): value.shape[0] for name, value in own.items() if name.endswith("A.weight")}
    if not ranks:
        return
    pattern = {f"^{re.escape(path)}$": rank for path, rank in ranks.items()}
    config = LoraConfig(
        target_modules="|".join(re.escape(path) for path in ranks),
        rank_pattern=pattern,
        alpha_pattern=pattern,
        lora_alpha=8,
        r=8,
    )
    inject_adapter_in_model(config, part, adapter_name=adapter)
    set_peft_model_state_dict(part, own, adapter_name=adapter)
    part.requires_grad_(requires_grad=False)


def _landed(base: Base, stem: str, tensors: Mapping[str, torch.Tensor], adapter: str) -> bool:
    component, _, path = stem.partition(".")
    part = base.parts().get(component)
    try:
        module: Any = part.get_submodule(path) if part is not None else None
    except AttributeError:
        return False
    if module is None or adapter not in getattr(module, "lora_A", {}):
        return False
    return (
        all(
            torch.equal(
                getattr(module, side)[adapter].weight.float().cpu(),
                tensors[f"{stem}.{side}.weight"].to(base.denoiser.dtype).float(),
            )
            for side in ("lora_A", "lora_B")
        )
        and float(module.scaling[adapter]) == 1.0
    )


def set_scale(base: Base, scale: float, adapters: Sequence[str] = (SUBJECT,), components: Sequence[str] = ()) -> None:
    """The dose at which these of the attached adapters act, together; 0 turns them off. The others do not act.

    Of `components`, where any are named, the updates alone act: those of all others are turned off.
    """
    for name, part in base.parts().items():
        dose = scale if not components or name in components else 0.0
        for module in part.modules():
            if isinstance(module, BaseTunerLayer):
                module.set_adapter(list(adapters), inference_mode=True)
                for adapter in adapters:
                    module.set_scale(adapter, dose)


def detach(base: Base) -> None:
    """Take every adapter off again."""
    bare = _bare(base)
    if hasattr(base.pipeline, "unload_lora_weights"):
        base.pipeline.unload_lora_weights()
    for part in bare:
        recurse_remove_peft_layers(part)
        if hasattr(part, "peft_config"):
            del part.peft_config


def _bare(base: Base) -> list[torch.nn.Module]:
    """The networks into which peft put the adapter without a loader of the pipeline."""
    loaded = getattr(base.pipeline, "_lora_loadable_modules", ()) if hasattr(base.pipeline, "load_lora_weights") else ()
    return [part for name, part in base.parts().items() if name not in loaded]
