"""Stable Diffusion 2.x."""

from lorascan.bases._contract import STABLE_DIFFUSION
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import OPEN_CLIP_H

FAMILY = Family(
    name="sd2",
    title="Stable Diffusion 2",
    claims=(
        "stable-diffusion-2-1",
        "stable-diffusion-2-1-base",
        "stable-diffusion-2",
        "stable-diffusion-2-base",
        "sd 2.1",
        "sd 2.0",
        "sd_v2",
        "sd_v2_v",
        "sd_2.1",
        "sd2",
        "stable-diffusion-v2-512",
        "stable-diffusion-v2-768-v",
    ),
    pipeline_class="StableDiffusionPipeline",
    steps=20,
    guidance=7.5,
    resolution=768,
    parameters=865_910_724,
    contract=STABLE_DIFFUSION,
    models={
        "unet": Model(
            class_name="UNet2DConditionModel",
            config={
                "sample_size": 64,
                "layers_per_block": 2,
                "block_out_channels": (320, 640, 1280, 1280),
                "cross_attention_dim": 1024,
                "attention_head_dim": (5, 10, 20, 20),
                "use_linear_projection": True,
            },
        ),
        "text_encoder": OPEN_CLIP_H,
    },
)
