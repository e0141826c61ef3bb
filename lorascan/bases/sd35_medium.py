"""Stable Diffusion 3.5 medium."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G_PROJECTED, CLIP_L_PROJECTED, T5_XXL

FAMILY = Family(
    name="sd35_medium",
    title="Stable Diffusion 3.5 medium",
    claims=(
        "sd3",
        "sd_3",
        "stable-diffusion-3",
        "stable-diffusion-v3",
        "sd3_5_medium",
        "sd3.5-medium",
        "sd3.5_medium",
        "sd35_medium",
        "stable-diffusion-v3.5-medium",
        "stable-diffusion-3.5-medium",
        "stable-diffusion-v3-5-medium",
    ),
    pipeline_class="StableDiffusion3Pipeline",
    steps=28,
    guidance=4.5,
    resolution=1024,
    denoiser="transformer",
    parameters=2_243_171_520,
    contract=Contract(states="joint"),
    models={
        "transformer": Model(
            class_name="SD3Transformer2DModel",
            config={
                "num_layers": 24,
                "num_attention_heads": 24,
                "caption_projection_dim": 1536,
                "pos_embed_max_size": 384,
                "qk_norm": "rms_norm",
                "dual_attention_layers": (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
            },
        ),
        "text_encoder": CLIP_L_PROJECTED,
        "text_encoder_2": BIG_G_PROJECTED,
        "text_encoder_3": T5_XXL,
    },
)
