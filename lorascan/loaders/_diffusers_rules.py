"""Which of diffusers' loaders reads which names.

Source: diffusers 0.42.1, the `lora_state_dict` methods of `lora_pipeline.py` (read, not copied).
"""

_FAMILIES = {
    "flux1": "flux",
    "chroma": "flux",
    "flux2": "flux2",
    "wan": "wan",
    "z_image": "z_image",
    "lumina2": "lumina2",
    "ltx": "ltx",
    "qwen": "qwen",
    "hunyuan": "hunyuan",
    "sd3": "sd3",
    "aura": "auraflow",
    "sana": "sana",
}
"""First letters of a family → its loader; the others have none."""
NATIVE = frozenset({"flux2", "wan", "z_image", "lumina2", "ltx", "qwen"})
"""Loaders that convert names under `diffusion_model.`."""
FLAT = frozenset({"flux2", "wan", "z_image", "qwen"})
"""Loaders that convert kohya's flattened names."""
LOKR = frozenset({"flux2", "z_image"})
"""Loaders that convert LoKr."""
EMPTIED = frozenset({"qwen", "z_image"})
"""Loaders that convert every file with an α, and refuse it where a key is left."""


def architecture(family: str | None) -> str | None:
    """The loader of a family; None where diffusers has none, or where the family is not known."""
    return next((loader for start, loader in _FAMILIES.items() if family is not None and family.startswith(start)), None)


def has_unet_loader(family: str | None) -> bool:
    """Whether the family's UNet pipeline loads adapters: Stable Diffusion's do, Kandinsky 2.2's and Cascade's do not."""
    return family is None or family.startswith(("sd", "lab", "folder"))


TEXTS = {"sd3": ("text_encoder", "text_encoder_2"), "flux": ("text_encoder",)}
"""The text encoders that a transformer's loader loads too."""
