"""Wan 2.1 text to video with 1.3 billion parameters."""

from lorascan.bases._contract import VIDEO
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import UMT5_XXL

FAMILY = Family(
    name="wan_1_3b",
    title="Wan 1.3B",
    claims=(
        "wan2.1-t2v-1.3b-diffusers",
        "wan2.1",
        "wan",
        "wan2.1-t2v-1.3b",
        "wan-2.1-t2v-1.3b",
        "wan_1_3b",
        "wan video 1.3b t2v",
    ),
    pipeline_class="WanPipeline",
    steps=30,
    guidance=5.0,
    resolution=480,
    denoiser="transformer",
    parameters=1_418_996_800,
    contract=VIDEO,
    models={
        "transformer": Model(
            class_name="WanTransformer3DModel",
            config={
                "num_attention_heads": 12,
                "ffn_dim": 8960,
                "num_layers": 30,
            },
        ),
        "text_encoder": UMT5_XXL,
    },
)
