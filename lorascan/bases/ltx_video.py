"""LTX-Video 0.9.0 with 2 billion parameters."""

from lorascan.bases._contract import VIDEO
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import T5_XXL

FAMILY = Family(
    name="ltx_video",
    title="LTX-Video 2B",
    claims=(
        "ltxv",
        "ltx-video",
        "ltx_video",
        "ltx-video-2b",
    ),
    pipeline_class="LTXPipeline",
    steps=30,
    guidance=3.0,
    resolution=512,
    denoiser="transformer",
    parameters=1_923_385_472,
    contract=VIDEO,
    models={
        "transformer": Model(class_name="LTXVideoTransformer3DModel"),
        "text_encoder": T5_XXL,
    },
)
