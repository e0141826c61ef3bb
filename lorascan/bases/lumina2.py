"""Lumina Image 2.0."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="lumina2",
    title="Lumina Image 2.0",
    claims=(
        "lumina2",
        "lumina-2",
        "lumina-image-2.0",
        "lumina_2",
    ),
    pipeline_class="Lumina2Pipeline",
    steps=30,
    guidance=4.0,
    resolution=1024,
    denoiser="transformer",
    parameters=2_609_769_152,
    contract=Contract(),
    models={
        "transformer": Model(
            class_name="Lumina2Transformer2DModel",
            config={
                "cap_feat_dim": 2304,
            },
        ),
    },
)
