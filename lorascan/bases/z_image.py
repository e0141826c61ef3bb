"""Z-Image."""

from lorascan.bases._contract import Contract
from lorascan.bases._family import Family, Model

FAMILY = Family(
    name="z_image",
    title="Z-Image",
    claims=(
        "zimage",
        "z-image",
        "z_image",
        "z-image-turbo",
        "zimageturbo",
    ),
    pipeline_class="ZImagePipeline",
    steps=9,
    guidance=0.0,
    resolution=1024,
    denoiser="transformer",
    parameters=6_154_908_736,
    contract=Contract(searching={"guidance_scale": 0.0}),
    models={
        "transformer": Model(class_name="ZImageTransformer2DModel"),
    },
)
