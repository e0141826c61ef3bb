"""The refiner of Stable Diffusion XL, which draws over a picture."""

from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G_PROJECTED

FAMILY = Family(
    name="sdxl_refiner",
    title="Stable Diffusion XL refiner",
    claims=(
        "stable-diffusion-xl-refiner-1.0",
        "sdxl_refiner_v0-9",
        "sdxl_refiner_v1-0",
        "stable-diffusion-xl-v1-refiner",
    ),
    pipeline_class="StableDiffusionXLImg2ImgPipeline",
    steps=20,
    guidance=6.0,
    resolution=1024,
    parameters=2_259_526_660,
    contract=None,
    models={
        "unet": Model(
            class_name="UNet2DConditionModel",
            config={
                "sample_size": 128,
                "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                "block_out_channels": (384, 768, 1536, 1536),
                "layers_per_block": 2,
                "transformer_layers_per_block": 4,
                "attention_head_dim": (6, 12, 24, 24),
                "cross_attention_dim": 1280,
                "use_linear_projection": True,
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": 256,
                "projection_class_embeddings_input_dim": 2560,
            },
        ),
        "text_encoder_2": BIG_G_PROJECTED,
    },
)
