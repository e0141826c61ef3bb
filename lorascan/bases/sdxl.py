"""Stable Diffusion XL."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G_PROJECTED, CLIP_L

FAMILY = Family(
    name="sdxl",
    title="Stable Diffusion XL",
    claims=(
        "stable-diffusion-xl-base-1.0",
        "stable-diffusion-xl-base-0.9",
        "sdxl 1.0",
        "pony",
        "illustrious",
        "noobai",
        "sdxl_base_v0-9",
        "sdxl_base_v1-0",
        "sdxl_1.0",
        "sdxl",
        "stable-diffusion-xl-v1-base",
    ),
    pipeline_class="StableDiffusionXLPipeline",
    steps=20,
    guidance=6.0,
    resolution=1024,
    parameters=2_567_463_684,
    contract=Contract(states="pair", half="float16"),
    models={
        "unet": Model(
            class_name="UNet2DConditionModel",
            config={
                "sample_size": 128,
                "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                "block_out_channels": (320, 640, 1280),
                "layers_per_block": 2,
                "transformer_layers_per_block": (1, 2, 10),
                "attention_head_dim": (5, 10, 20),
                "cross_attention_dim": 2048,
                "use_linear_projection": True,
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": 256,
                "projection_class_embeddings_input_dim": 2816,
            },
        ),
        "text_encoder": CLIP_L,
        "text_encoder_2": BIG_G_PROJECTED,
    },
)
