"""FLUX.1 schnell: distilled to four steps without guidance."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import CLIP_L, T5_XXL

FAMILY = Family(
    name="flux1_schnell",
    title="FLUX.1 schnell",
    claims=(
        "flux1",
        "flux-1",
        "flux.1",
        "flux",
        "flux1s",
        "flux.1-schnell",
        "flux1-schnell",
        "flux-1-schnell",
        "flux.1 s",
        "flux_schnell",
    ),
    pipeline_class="FluxPipeline",
    steps=4,
    guidance=0.0,
    resolution=1024,
    denoiser="transformer",
    widened=("x_embedder",),
    parameters=11_891_178_560,
    contract=Contract(states="last", offload=True),
    models={
        "transformer": Model(class_name="FluxTransformer2DModel"),
        "text_encoder": CLIP_L,
        "text_encoder_2": T5_XXL,
    },
)
