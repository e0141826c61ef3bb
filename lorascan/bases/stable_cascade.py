"""Stable Cascade: stage C as prior, stage B as decoder."""

from lorascan.bases._family import Family, Model
from lorascan.bases._prior_first import prior_first
from lorascan.bases._text_encoders import BIG_G_PROJECTED

FAMILY = Family(
    name="stable_cascade",
    title="Stable Cascade",
    claims=(
        "stable-cascade-prior",
        "stable_cascade",
        "stable-cascade",
        "stable cascade",
        "stable-cascade-v1-prior",
        "stable-cascade-v1-prior/lora",
    ),
    pipeline_class="StableCascadeCombinedPipeline",
    steps=10,
    guidance=4.0,
    resolution=1024,
    denoiser="prior",
    parameters=3_589_103_632,
    contract=prior_first(),
    models={
        "prior": Model(
            class_name="StableCascadeUNet",
            config={
                "clip_text_in_channels": 1280,
                "clip_image_in_channels": 768,
                "switch_level": (False,),
            },
        ),
        "decoder": Model(
            class_name="StableCascadeUNet",
            config={
                "in_channels": 4,
                "out_channels": 4,
                "patch_size": 2,
                "conditioning_dim": 1280,
                "block_out_channels": (320, 640, 1280, 1280),
                "down_num_layers_per_block": (2, 6, 28, 6),
                "up_num_layers_per_block": (6, 28, 6, 2),
                "down_blocks_repeat_mappers": (1, 1, 1, 1),
                "up_blocks_repeat_mappers": (3, 3, 2, 2),
                "num_attention_heads": (0, 0, 20, 20),
                "block_types_per_layer": (
                    ("SDCascadeResBlock", "SDCascadeTimestepBlock"),
                    ("SDCascadeResBlock", "SDCascadeTimestepBlock"),
                    ("SDCascadeResBlock", "SDCascadeTimestepBlock", "SDCascadeAttnBlock"),
                    ("SDCascadeResBlock", "SDCascadeTimestepBlock", "SDCascadeAttnBlock"),
                ),
                "effnet_in_channels": 16,
                "pixel_mapper_in_channels": 3,
                "dropout": (0, 0, 0.1, 0.1),
                "timestep_conditioning_type": ("sca",),
            },
        ),
        "text_encoder": BIG_G_PROJECTED,
    },
)
