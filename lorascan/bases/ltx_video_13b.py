"""LTX-Video 0.9.7 with 13 billion parameters."""

from lorascan.bases._contract import VIDEO
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import T5_XXL

FAMILY = Family(
    name="ltx_video_13b",
    title="LTX-Video 13B",
    claims=(
        "ltxv-13b",
        "ltx-video-13b",
        "ltx-video-0.9.7",
    ),
    pipeline_class="LTXPipeline",
    steps=30,
    guidance=3.0,
    resolution=512,
    denoiser="transformer",
    parameters=13_042_569_344,
    contract=VIDEO,
    models={
        "transformer": Model(
            class_name="LTXVideoTransformer3DModel",
            config={
                "num_layers": 48,
                "attention_head_dim": 128,
                "cross_attention_dim": 4096,
            },
        ),
        "text_encoder": T5_XXL,
    },
)
