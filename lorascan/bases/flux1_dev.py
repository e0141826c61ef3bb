"""FLUX.1 dev: guidance is an input."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import CLIP_L, T5_XXL

FAMILY = Family(
    name="flux1_dev",
    title="FLUX.1 dev",
    claims=(
        "flux-1",
        "flux.1",
        "flux",
        "flux1",
        "flux1d",
        "flux.1d",
        "flux.1-dev",
        "flux1-dev",
        "flux-1-dev",
        "flux.1 d",
        "flux_dev",
    ),
    pipeline_class="FluxPipeline",
    steps=20,
    guidance=3.5,
    resolution=1024,
    denoiser="transformer",
    widened=("x_embedder",),
    parameters=11_901_408_320,
    contract=Contract(states="last", offload=True, searching={"guidance_scale": 3.5}),
    models={
        "transformer": Model(
            class_name="FluxTransformer2DModel",
            config={
                "guidance_embeds": True,
            },
        ),
        "text_encoder": CLIP_L,
        "text_encoder_2": T5_XXL,
    },
)
