"""Sana with 1.6 billion parameters."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="sana",
    title="Sana 1.6B",
    claims=(
        "sana_1600m_1024px_diffusers",
        "sana_1600m_1024px_bf16_diffusers",
        "sana",
        "sana-1.6b",
        "sana_1600m",
    ),
    pipeline_class="SanaPipeline",
    steps=20,
    guidance=4.5,
    resolution=1024,
    denoiser="transformer",
    parameters=1_604_462_752,
    contract=Contract(),
    models={
        "transformer": Model(class_name="SanaTransformer2DModel"),
    },
)
