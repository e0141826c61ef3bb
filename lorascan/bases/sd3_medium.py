"""Stable Diffusion 3 medium."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G_PROJECTED, CLIP_L_PROJECTED, T5_XXL

FAMILY = Family(
    name="sd3_medium",
    title="Stable Diffusion 3 medium",
    claims=(
        "stable-diffusion-3",
        "stable-diffusion-v3",
        "stable-diffusion-3-medium-diffusers",
        "sd3",
        "sd3_m",
        "sd3_medium",
        "sd3-medium",
        "sd_3",
        "stable-diffusion-v3-medium",
        "stable-diffusion-3-medium",
    ),
    pipeline_class="StableDiffusion3Pipeline",
    steps=28,
    guidance=7.0,
    resolution=1024,
    denoiser="transformer",
    parameters=2_028_328_000,
    contract=Contract(states="joint", half="float16"),
    models={
        "transformer": Model(
            class_name="SD3Transformer2DModel",
            config={
                "num_layers": 24,
                "num_attention_heads": 24,
                "caption_projection_dim": 1536,
                "pos_embed_max_size": 192,
            },
        ),
        "text_encoder": CLIP_L_PROJECTED,
        "text_encoder_2": BIG_G_PROJECTED,
        "text_encoder_3": T5_XXL,
    },
)
