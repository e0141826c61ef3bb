"""The small base that ships with lorascan.

A real diffusers pipeline of 2.8 M parameters with a linear autoencoder on patches (lorascan.lab).
"""

from collections.abc import Mapping
from pathlib import Path

from lorascan.bases._contract import STABLE_DIFFUSION
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import clip_text


def _components(folder: Path) -> Mapping[str, object]:
    """The patch autoencoder, a class of ours that diffusers cannot find by itself. Imports torch and diffusers."""
    from lorascan.bases._patch_vae import PatchVae  # noqa: PLC0415 - heavy, and needed only inside the worker

    return {"vae": PatchVae.from_pretrained(folder / "vae", local_files_only=True, use_safetensors=True)}


ASSETS = Path(__file__).resolve().parent.parent / "lab" / "assets"
"""The folder of the shipped base and of the CLIP that judges its pictures, made by `make lab`."""

FAMILY = Family(
    name="lab",
    title="lorascan's lab base",
    claims=("lorascan-lab", "lorascan-lab/lora", "lab"),
    pipeline_class="StableDiffusionPipeline",
    steps=6,
    guidance=3.0,
    resolution=32,
    parameters=2_801_992,
    contract=STABLE_DIFFUSION,
    models={
        "unet": Model(
            class_name="UNet2DConditionModel",
            config={
                "sample_size": 16,
                "in_channels": 8,
                "out_channels": 8,
                "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                "block_out_channels": (32, 64, 96),
                "layers_per_block": 1,
                "attention_head_dim": 4,
                "norm_num_groups": 8,
                "cross_attention_dim": 128,
                "use_linear_projection": True,
            },
        ),
        "text_encoder": Model(
            class_name="CLIPTextModel",
            config=clip_text(128, 512, 4, 4, vocab_size=4188, max_position_embeddings=24),
            library="transformers",
        ),
    },
    scorer=ASSETS / "clip",
    components=_components,
)
