"""Würstchen: a prior in a strongly compressed space, and a decoder."""

from collections.abc import Mapping
from pathlib import Path

from lorascan.bases._family import Family, Model
from lorascan.bases._prior_first import prior_first
from lorascan.bases._text_encoders import BIG_G

_CLASSES = {
    "prior_prior": "WuerstchenPrior",
    "decoder": "WuerstchenDiffNeXt",
    "vqgan": "PaellaVQModel",
    "text_encoder": "CLIPTextModel",
    "prior_text_encoder": "CLIPTextModel",
    "tokenizer": "CLIPTokenizer",
    "prior_tokenizer": "CLIPTokenizer",
    "scheduler": "DDPMWuerstchenScheduler",
    "prior_scheduler": "DDPMWuerstchenScheduler",
}


def _components(folder: Path) -> Mapping[str, object]:
    """Every component: diffusers has moved three classes to where its own loader does not find them.

    Imports torch, diffusers and transformers.
    """
    import diffusers  # noqa: PLC0415 - heavy, and needed only inside the worker
    import transformers  # noqa: PLC0415
    from diffusers.pipelines.deprecated import wuerstchen  # noqa: PLC0415

    found: dict[str, object] = {}
    for name, class_name in _CLASSES.items():
        home = next(each for each in (wuerstchen, transformers, diffusers) if hasattr(each, class_name))
        safe = {"use_safetensors": True} if hasattr(getattr(home, class_name), "forward") else {}
        found[name] = getattr(home, class_name).from_pretrained(folder / name, local_files_only=True, **safe)
    return found


FAMILY = Family(
    name="wuerstchen",
    title="Würstchen",
    claims=(
        "wuerstchen-prior",
        "wuerstchen",
        "würstchen",
        "wuerstchen-v2",
    ),
    pipeline_class="WuerstchenCombinedPipeline",
    steps=12,
    guidance=4.0,
    resolution=1024,
    denoiser="prior",
    parameters=993_636_896,
    contract=prior_first("float16"),
    models={
        "prior": Model(
            class_name="WuerstchenPrior",
            config={
                "c": 1536,
                "c_cond": 1280,
                "depth": 32,
                "nhead": 24,
            },
        ),
        "decoder": Model(class_name="WuerstchenDiffNeXt"),
        "text_encoder": BIG_G,
    },
    components=_components,
)
