"""Kandinsky 2.2: a prior from text to a picture's embedding, a decoder to the picture."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G_PROJECTED

FAMILY = Family(
    name="kandinsky22",
    title="Kandinsky 2.2",
    claims=(
        "kandinsky-2-2-prior",
        "kandinsky-2-2-decoder",
        "kandinsky22",
        "kandinsky-2.2",
        "kandinsky-2-2",
        "kandinsky 2.2",
        "kandinsky-v2.2",
        "kandinsky_v2_2",
    ),
    pipeline_class="KandinskyV22CombinedPipeline",
    steps=25,
    guidance=4.0,
    resolution=512,
    parameters=1_253_057_288,
    contract=Contract(
        places={"prior": "prior_prior", "text_encoder": "prior_text_encoder"},
        tokenizer="prior_tokenizer",
        states="last",
        half="float16",
        guidance=("guidance_scale", "prior_guidance_scale"),
        # The prior's scheduler divides by its steps less one.
        searching={"guidance_scale": 1.0, "prior_guidance_scale": 1.0, "prior_num_inference_steps": 2},
        cell=lambda pipeline: float(pipeline.decoder_pipe.movq_scale_factor),
    ),
    models={
        "unet": Model(
            class_name="UNet2DConditionModel",
            config={
                "addition_embed_type": "image",
                "addition_embed_type_num_heads": 64,
                "attention_head_dim": 64,
                "block_out_channels": (384, 768, 1152, 1536),
                "cross_attention_dim": 768,
                "down_block_types": (
                    "ResnetDownsampleBlock2D",
                    "SimpleCrossAttnDownBlock2D",
                    "SimpleCrossAttnDownBlock2D",
                    "SimpleCrossAttnDownBlock2D",
                ),
                "encoder_hid_dim": 1280,
                "encoder_hid_dim_type": "image_proj",
                "out_channels": 8,
                "layers_per_block": 3,
                "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
                "resnet_time_scale_shift": "scale_shift",
                "up_block_types": (
                    "SimpleCrossAttnUpBlock2D",
                    "SimpleCrossAttnUpBlock2D",
                    "SimpleCrossAttnUpBlock2D",
                    "ResnetUpsampleBlock2D",
                ),
            },
        ),
        "prior": Model(
            class_name="PriorTransformer",
            config={
                "embedding_dim": 1280,
            },
        ),
        "text_encoder": BIG_G_PROJECTED,
    },
    unverified="the decoder's widths are those of version 2.1; their sum is within 3 % of the published 1.22 billion",
)
