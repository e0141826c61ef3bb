"""Stable Diffusion XL."""

from lorascan.bases._family import Family

FAMILY = Family(
    name="sdxl",
    title="Stable Diffusion XL",
    claims=(
        "sdxl_base_v0-9",
        "sdxl_base_v1-0",
        "sdxl_1.0",
        "sdxl",
        "stable-diffusion-xl-v1-base",
        "stable-diffusion-xl-v1-base/lora",
    ),
    pipeline_class="StableDiffusionXLPipeline",
    steps=20,
    guidance=6.0,
    resolution=1024,
    parameters=2_567_463_684,
)
