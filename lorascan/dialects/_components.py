"""Names the components that the first word of a name may mean."""

COMPONENTS = (
    "unet",
    "unet_2",
    "transformer",
    "transformer_2",
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
    "prior",
    "decoder",
    "vae",
    "safety_checker",
    "image_encoder",
    "feature_extractor",
    "controlnet",
    "image_projection",
)
"""Components of a pipeline; those outside the image model are findings of their own."""
BFL = ("double_blocks", "single_blocks", "img_in", "txt_in", "time_in", "vector_in", "guidance_in", "final_layer")
"""First words of the modules of Black Forest Labs' code."""
