"""FLUX.2 dev."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="flux2_dev",
    title="FLUX.2 dev",
    claims=(
        "flux2",
        "flux.2-dev",
        "flux2-dev",
        "flux-2-dev",
        "flux.2 d",
    ),
    pipeline_class="Flux2Pipeline",
    steps=28,
    guidance=4.0,
    resolution=1024,
    denoiser="transformer",
    biased=False,
    parameters=32_223_281_152,
    contract=Contract(offload=True, searching={"guidance_scale": 4.0}),
    models={
        "transformer": Model(class_name="Flux2Transformer2DModel"),
    },
)
