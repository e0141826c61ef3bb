"""Wan 2.x text to video with 14 billion parameters."""

from lorascan.bases._contract import VIDEO
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import UMT5_XXL

FAMILY = Family(
    name="wan_14b",
    title="Wan 14B",
    claims=(
        "wan2.1-t2v-14b-diffusers",
        "wan2.1",
        "wan",
        "wan2.2-t2v-a14b-diffusers",
        "wan2.1-t2v-14b",
        "wan-2.1-t2v-14b",
        "wan2.2-t2v-a14b",
        "wan_14b",
        "wan video 14b t2v",
    ),
    pipeline_class="WanPipeline",
    steps=30,
    guidance=5.0,
    resolution=480,
    denoiser="transformer",
    parameters=14_288_491_584,
    contract=VIDEO,
    models={
        "transformer": Model(class_name="WanTransformer3DModel"),
        "text_encoder": UMT5_XXL,
    },
)
