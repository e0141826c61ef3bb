"""Würstchen: a prior in a strongly compressed space, and a decoder."""

from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import BIG_G

FAMILY = Family(
    name="wuerstchen",
    title="Würstchen",
    claims=(
        "wuerstchen-prior",
        "wuerstchen",
        "würstchen",
        "wuerstchen-v2",
    ),
    pipeline_class="WuerstchenCombinedPipeline",
    steps=30,
    guidance=4.0,
    resolution=1024,
    denoiser="prior",
    parameters=993_636_896,
    models={
        "prior": Model(
            class_name="WuerstchenPrior",
            config={
                "c": 1536,
                "c_cond": 1280,
                "depth": 32,
                "nhead": 24,
            },
        ),
        "decoder": Model(class_name="WuerstchenDiffNeXt"),
        "text_encoder": BIG_G,
    },
)
