"""Stable Diffusion 3.5 large."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G_PROJECTED, CLIP_L_PROJECTED, T5_XXL

FAMILY = Family(
    name="sd35_large",
    title="Stable Diffusion 3.5 large",
    claims=(
        "sd3",
        "sd_3",
        "stable-diffusion-3",
        "stable-diffusion-v3",
        "sd3_5_large",
        "sd3.5-large",
        "sd3.5_large",
        "sd35_large",
        "stable-diffusion-v3.5-large",
        "stable-diffusion-3.5-large",
        "stable-diffusion-v3-5-large",
    ),
    pipeline_class="StableDiffusion3Pipeline",
    steps=28,
    guidance=3.5,
    resolution=1024,
    denoiser="transformer",
    parameters=8_056_627_520,
    contract=Contract(states="joint", offload=True),
    models={
        "transformer": Model(
            class_name="SD3Transformer2DModel",
            config={
                "num_layers": 38,
                "num_attention_heads": 38,
                "caption_projection_dim": 2432,
                "pos_embed_max_size": 192,
                "qk_norm": "rms_norm",
            },
        ),
        "text_encoder": CLIP_L_PROJECTED,
        "text_encoder_2": BIG_G_PROJECTED,
        "text_encoder_3": T5_XXL,
    },
)
