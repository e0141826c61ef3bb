"""The view of diffusers says what its own loader does, into networks of true size without weights."""

from functools import cache
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from lorascan.bases import families, identify, manifests
from lorascan.bases._generate import _build
from lorascan.core.adapter import Claims
from lorascan.dialects import read_adapter
from lorascan.loaders import views
from tests.adapters.builders import vetted, zero_file
from tests.loaders.test_views import CASES, Shapes

LOADERS = {
    "sd15": "StableDiffusionLoraLoaderMixin",
    "sdxl": "StableDiffusionXLLoraLoaderMixin",
    "flux1_dev": "FluxLoraLoaderMixin",
    "wan_1_3b": "WanLoraLoaderMixin",
    "z_image": "ZImageLoraLoaderMixin",
    "lumina2": "Lumina2LoraLoaderMixin",
    "hunyuan_video": "HunyuanVideoLoraLoaderMixin",
}
BASES = {
    "kohya": "sd15",
    "tucker": "sd15",
    "glora": "sd15",
    "kohya with a trained word": "sd15",
    "attention processors": "sd15",
    "bare attention processors": "sd15",
    "PEFT names outside attention": "sd15",
    "PEFT's wrapper behind the component": "sd15",
    "SD 1.5 in the original names": "sd15",
    "SDXL in two namings": "sdxl",
    "kohya, a text encoder without output projections": "sd15",
    "kohya, a text encoder's queries alone": "sd15",
    "kohya, a text encoder's attention": "sd15",
    "kohya FLUX": "flux1_dev",
    "XLabs, a part": "flux1_dev",
    "FLUX, LyCORIS": "flux1_dev",
    "FLUX, a padded shape": "flux1_dev",
    "FLUX control, a part": "flux1_dev",
    "FLUX names under diffusion_model": "flux1_dev",
    "OneTrainer, feed-forward": "flux1_dev",
    "musubi, a part of a block": "wan_1_3b",
    "musubi, a block": "wan_1_3b",
    "Wan-Fun": "wan_1_3b",
    "Lumina 2, a part of a block": "lumina2",
    "Z-Image, fused": "z_image",
    "HunyuanVideo with α": "hunyuan_video",
}
"""Case → the base that it is loaded into."""


@cache
def loader(name: str) -> Any:
    from diffusers.loaders import lora_pipeline

    return getattr(lora_pipeline, name)


def injected(family: str, tensors: dict[str, torch.Tensor]) -> set[tuple[str, str]]:
    """The modules that got an adapter; none where the loader fails."""
    models = families()[family].models
    parts = {name: _build(models[name]) for name in ("unet", "transformer", "text_encoder", "text_encoder_2") if name in models}
    body = {"hf_device_map": None, "components": parts, "__init__": lambda _: None, **parts}
    pipeline = type("Pipeline", (loader(LOADERS[family]),), body)()
    try:
        pipeline.load_lora_weights(tensors)
    except (ValueError, KeyError, IndexError, AssertionError, RuntimeError):
        return set()
    return {(component, path) for component, model in parts.items() for path in adapted(model)}


def adapted(model: nn.Module) -> list[str]:
    return [path.removeprefix("text_model.") for path, module in model.named_modules() if getattr(module, "lora_A", None)]


def ours(shapes: Shapes) -> set[tuple[str, str]]:
    adapter = read_adapter(zero_file(shapes), manifests())
    (view,) = (each for each in views(adapter, identify(adapter, None, Claims())) if each.loader == "diffusers")
    return {
        (each.update.component, each.update.module_path.removeprefix("text_model."))
        for each in view.treatments
        if each.applied and each.update.parameter == "weight"
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", BASES)
def test_the_view_names_the_modules_that_diffusers_adapts(case: str) -> None:
    shapes = CASES[case][0]
    tensors = {name: torch.zeros(shape) if shape else torch.tensor(1.0) for name, shape in shapes.items()}

    assert ours(shapes) == injected(BASES[case], tensors)


@pytest.mark.filterwarnings("ignore")
def test_an_alpha_beside_peft_names_scales_flux() -> None:
    """Each module has its own α; one without has the file's first."""
    from peft.tuners.lora import Linear

    stem = "transformer.transformer_blocks.0.attn.to_{}"
    tensors: dict[str, torch.Tensor] = {}
    for letter, alpha in (("q", 8.0), ("k", 2.0), ("v", None)):
        tensors |= {
            f"{stem.format(letter)}.lora_A.weight": torch.ones(4, 3072),
            f"{stem.format(letter)}.lora_B.weight": torch.ones(3072, 4),
        }
        if alpha is not None:
            tensors[f"{stem.format(letter)}.alpha"] = torch.tensor(alpha)
    content = save(tensors)
    adapter = read_adapter(vetted(content), manifests())
    (view,) = (each for each in views(adapter, identify(adapter, None, Claims())) if each.loader == "diffusers")
    parts = {name: _build(families()["flux1_dev"].models[name]) for name in ("transformer", "text_encoder")}
    pipeline = type(
        "Pipeline", (loader(LOADERS["flux1_dev"]),), {"hf_device_map": None, "components": parts, "__init__": lambda _: None, **parts}
    )()
    pipeline.load_lora_weights(dict(sorted(load(content).items())))

    theirs = {
        path: float(module.scaling["default_0"]) for path, module in parts["transformer"].named_modules() if isinstance(module, Linear)
    }
    assert {each.update.module_path: each.scaling for each in view.treatments} == theirs
    assert sorted(theirs.values()) == [0.5, 0.5, 2.0]
