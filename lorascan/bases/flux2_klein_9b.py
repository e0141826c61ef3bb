"""FLUX.2 klein with 9 billion parameters."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="flux2_klein_9b",
    title="FLUX.2 klein 9B",
    claims=(
        "flux.2-klein",
        "flux2-klein",
        "flux-2-klein",
        "flux2_klein",
        "flux2_klein_9b",
        "flux.2-klein-9b",
        "flux2-klein-9b",
        "flux-2-klein-9b",
    ),
    pipeline_class="Flux2KleinPipeline",
    steps=4,
    guidance=1.0,
    resolution=1024,
    denoiser="transformer",
    biased=False,
    parameters=9_078_581_248,
    contract=Contract(offload=True),
    models={
        "transformer": Model(
            class_name="Flux2Transformer2DModel",
            config={
                "num_layers": 8,
                "num_single_layers": 24,
                "num_attention_heads": 32,
                "joint_attention_dim": 12288,
                "guidance_embeds": False,
            },
        ),
    },
)
