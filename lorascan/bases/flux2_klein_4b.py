"""FLUX.2 klein with 4 billion parameters."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="flux2_klein_4b",
    title="FLUX.2 klein 4B",
    claims=(
        "flux.2-klein",
        "flux2-klein",
        "flux-2-klein",
        "flux2_klein",
        "flux2_klein_4b",
        "flux.2-klein-4b",
        "flux2-klein-4b",
        "flux-2-klein-4b",
    ),
    pipeline_class="Flux2KleinPipeline",
    steps=4,
    guidance=1.0,
    resolution=1024,
    denoiser="transformer",
    biased=False,
    parameters=3_875_544_576,
    contract=Contract(),
    models={
        "transformer": Model(
            class_name="Flux2Transformer2DModel",
            config={
                "num_layers": 5,
                "num_single_layers": 20,
                "num_attention_heads": 24,
                "joint_attention_dim": 7680,
                "guidance_embeds": False,
            },
        ),
    },
)
