"""Builds a Stable Diffusion 1.5 of reduced widths with random weights, and adapters for it, by diffusers and peft themselves."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from lorascan.lab.assets import base_folder

WIDTHS = (32, 64, 64, 64)
TEXT = 48


def small_sd15(folder: Path, *, safetensors: bool = True) -> Path:
    """SD 1.5's architecture (four stages, two layers a block, cross-attention in three, KL autoencoder), a tenth of its widths."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(base_folder() / "tokenizer")
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=WIDTHS, cross_attention_dim=TEXT,
        attention_head_dim=8, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(16, 16, 16, 16), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4, norm_num_groups=8,
    )  # fmt: skip
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT,
            intermediate_size=96,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=24,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=tokenizer.bos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
        set_alpha_to_one=False,
    )
    pipeline = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder, safe_serialization=safetensors)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)
    return folder


def adapter_for(folder: Path, path: Path, *, names: str) -> Path:
    """A LoRA adapter of the base's UNet and text encoder, made by peft, written with diffusers' or kohya's names."""
    torch.manual_seed(1)
    pipeline = StableDiffusionPipeline.from_pretrained(folder)
    config = LoraConfig(r=4, lora_alpha=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"], init_lora_weights=False)
    text_config = LoraConfig(r=4, lora_alpha=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    pipeline.unet.add_adapter(config)
    pipeline.text_encoder.add_adapter(text_config)
    parts = {
        "unet": get_peft_model_state_dict(pipeline.unet),
        "text_encoder": get_peft_model_state_dict(pipeline.text_encoder),
    }
    small = {part: {name: 0.05 * value.detach() for name, value in tensors.items()} for part, tensors in parts.items()}
    if names == "kohya":
        save_file(_kohya(small), path)
    else:
        StableDiffusionPipeline.save_lora_weights(
            path.parent,
            weight_name=path.name,
            unet_lora_layers=small["unet"],
            text_encoder_lora_layers=small["text_encoder"],
        )
    return path


def _kohya(parts: dict[str, dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    written = {}
    for part, prefix in (("unet", "lora_unet_"), ("text_encoder", "lora_te_text_model_")):
        for name, value in parts[part].items():
            stem, side = name.removesuffix(".weight").rsplit(".lora_", 1)
            flat = prefix + stem.removeprefix("text_model.").replace(".", "_")
            written[f"{flat}.lora_{'down' if side == 'A' else 'up'}.weight"] = value.contiguous()
            written[f"{flat}.alpha"] = torch.tensor(4.0)
    return written
