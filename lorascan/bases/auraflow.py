"""AuraFlow."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import PILE_T5_XL

FAMILY = Family(
    name="auraflow",
    title="AuraFlow",
    claims=(
        "auraflow",
        "auraflow-v0.3",
        "aura_flow",
    ),
    pipeline_class="AuraFlowPipeline",
    steps=28,
    guidance=3.5,
    resolution=1024,
    denoiser="transformer",
    parameters=6_833_439_744,
    contract=Contract(offload=True),
    models={
        "transformer": Model(class_name="AuraFlowTransformer2DModel"),
        "text_encoder": PILE_T5_XL,
    },
)
