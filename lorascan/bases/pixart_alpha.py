"""PixArt-α at 1024 pixels, conditioned on size and aspect."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import T5_XXL

FAMILY = Family(
    name="pixart_alpha",
    title="PixArt-α",
    claims=(
        "pixart-xl-2-1024-ms",
        "pixart",
        "pixart-alpha",
        "pixart_alpha",
        "pixart-a",
    ),
    pipeline_class="PixArtAlphaPipeline",
    steps=20,
    guidance=4.5,
    resolution=1024,
    denoiser="transformer",
    parameters=611_349_152,
    contract=Contract(),
    models={
        "transformer": Model(
            class_name="PixArtTransformer2DModel",
            config={
                "cross_attention_dim": 1152,
                "caption_channels": 4096,
                "interpolation_scale": 2,
                "use_additional_conditions": True,
            },
        ),
        "text_encoder": T5_XXL,
    },
)
