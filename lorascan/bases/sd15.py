"""Stable Diffusion 1.x."""

from lorascan.bases._contract import STABLE_DIFFUSION
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import CLIP_L

FAMILY = Family(
    name="sd15",
    title="Stable Diffusion 1.5",
    claims=(
        "stable-diffusion-v1-4",
        "stable-diffusion-v1-2",
        "stable-diffusion-v1-1",
        "sd 1.5",
        "sd 1.4",
        "sd_v1",
        "sd_1.5",
        "sd1",
        "sd15",
        "stable-diffusion-v1",
        "stable-diffusion-v1-5",
    ),
    pipeline_class="StableDiffusionPipeline",
    steps=20,
    guidance=7.5,
    resolution=512,
    parameters=859_520_964,
    contract=STABLE_DIFFUSION,
    models={
        "unet": Model(
            class_name="UNet2DConditionModel",
            config={
                "sample_size": 64,
                "layers_per_block": 2,
                "block_out_channels": (320, 640, 1280, 1280),
                "cross_attention_dim": 768,
                "attention_head_dim": 8,
            },
        ),
        "text_encoder": CLIP_L,
    },
)
