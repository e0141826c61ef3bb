"""Stable Diffusion 2.x."""

from lorascan.bases._family import Family

FAMILY = Family(
    name="sd2",
    title="Stable Diffusion 2",
    claims=(
        "sd_v2",
        "sd_v2_v",
        "sd_2.1",
        "sd2",
        "stable-diffusion-v2-512",
        "stable-diffusion-v2-512/lora",
        "stable-diffusion-v2-768-v",
        "stable-diffusion-v2-768-v/lora",
    ),
    pipeline_class="StableDiffusionPipeline",
    steps=20,
    guidance=7.5,
    resolution=768,
    parameters=865_910_724,
)
