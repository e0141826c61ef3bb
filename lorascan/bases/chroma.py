"""Chroma: FLUX.1 schnell with its modulation approximated."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import T5_XXL

FAMILY = Family(
    name="chroma",
    title="Chroma",
    claims=(
        "chroma",
        "chroma1",
        "chroma1-hd",
    ),
    pipeline_class="ChromaPipeline",
    steps=26,
    guidance=5.0,
    resolution=1024,
    denoiser="transformer",
    parameters=8_899_983_424,
    contract=Contract(offload=True),
    models={
        "transformer": Model(class_name="ChromaTransformer2DModel"),
        "text_encoder": T5_XXL,
    },
)
