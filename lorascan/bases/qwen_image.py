"""Qwen-Image."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="qwen_image",
    title="Qwen-Image",
    claims=(
        "qwen",
        "qwen-image",
        "qwen_image",
    ),
    pipeline_class="QwenImagePipeline",
    steps=30,
    guidance=4.0,
    resolution=1024,
    denoiser="transformer",
    parameters=20_430_401_088,
    contract=Contract(offload=True, guidance=("true_cfg_scale",), searching={"true_cfg_scale": 1.0}),
    models={
        "transformer": Model(class_name="QwenImageTransformer2DModel"),
    },
)
