"""PixArt-Σ."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import T5_XXL

FAMILY = Family(
    name="pixart_sigma",
    title="PixArt-Σ",
    claims=(
        "pixart-sigma-xl-2-1024-ms",
        "pixart-sigma",
        "pixart_sigma",
        "pixart-e",
    ),
    pipeline_class="PixArtSigmaPipeline",
    steps=20,
    guidance=4.5,
    resolution=1024,
    denoiser="transformer",
    parameters=610_856_096,
    contract=Contract(),
    models={
        "transformer": Model(
            class_name="PixArtTransformer2DModel",
            config={
                "cross_attention_dim": 1152,
                "caption_channels": 4096,
                "interpolation_scale": 2,
                "use_additional_conditions": False,
            },
        ),
        "text_encoder": T5_XXL,
    },
)
