"""Writes the base as a diffusers pipeline folder."""

from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from lorascan.bases._patch_vae import PatchVae
from lorascan.lab.tokenizer import load_tokenizer, write_tokenizer
from lorascan.lab.unet import new_scheduler


def save_base(folder: Path, text_encoder: CLIPTextModel, unet: UNet2DConditionModel, vae: PatchVae) -> None:
    """Save all components in half precision, with the model index; the arguments are left as they were."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder / "tokenizer")
    new_text = CLIPTextModel(text_encoder.config)
    new_text.load_state_dict(text_encoder.state_dict())
    new_unet = UNet2DConditionModel.from_config(unet.config)
    new_unet.load_state_dict(unet.state_dict())
    new_vae = PatchVae.from_config(vae.config)
    new_vae.load_state_dict(vae.state_dict())
    pipeline = StableDiffusionPipeline(
        vae=new_vae.half(),
        text_encoder=new_text.half(),
        tokenizer=load_tokenizer(folder / "tokenizer"),
        unet=new_unet.half(),
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    _name_as_stable_diffusion_does(folder / "text_encoder" / "model.safetensors")
    # Saving the pipeline writes the tokenizer anew, without the classic pair of files.
    write_tokenizer(folder / "tokenizer")


def _name_as_stable_diffusion_does(path: Path) -> None:
    """Put "text_model." before every tensor's name: transformers 4 and 5 both read that."""
    prefix = "text_model."
    renamed = {prefix + name.removeprefix(prefix): value for name, value in load_file(path).items()}
    save_file(renamed, path, metadata={"format": "pt"})


def load_base(folder: Path) -> StableDiffusionPipeline:
    """The whole pipeline in single precision, without the network."""
    pipeline: StableDiffusionPipeline = StableDiffusionPipeline.from_pretrained(
        folder,
        vae=PatchVae.from_pretrained(folder / "vae"),
        safety_checker=None,
        requires_safety_checker=False,
        local_files_only=True,
    )
    # transformers keeps the file's half precision, which the CPU path does not mix.
    pipeline.to(torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
