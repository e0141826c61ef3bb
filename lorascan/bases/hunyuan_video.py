"""HunyuanVideo."""

from lorascan.bases._contract import VIDEO
from lorascan.bases._family import Family, Model
from lorascan.bases._text_encoders import CLIP_L

FAMILY = Family(
    name="hunyuan_video",
    title="HunyuanVideo",
    claims=(
        "hunyuan_video",
        "hunyuanvideo",
        "hunyuan-video",
    ),
    pipeline_class="HunyuanVideoPipeline",
    steps=30,
    guidance=6.0,
    resolution=320,
    denoiser="transformer",
    parameters=12_821_012_544,
    contract=VIDEO,
    models={
        "transformer": Model(class_name="HunyuanVideoTransformer3DModel"),
        "text_encoder_2": CLIP_L,
    },
)
