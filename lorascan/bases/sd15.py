"""Stable Diffusion 1.x."""

from lorascan.bases._family import Family

FAMILY = Family(
    name="sd15",
    title="Stable Diffusion 1.5",
    claims=(
        "sd_v1",
        "sd_1.5",
        "sd1",
        "sd15",
        "stable-diffusion-v1",
        "stable-diffusion-v1/lora",
        "stable-diffusion-v1-5",
    ),
    pipeline_class="StableDiffusionPipeline",
    steps=20,
    guidance=7.5,
    resolution=512,
    parameters=859_520_964,
)
