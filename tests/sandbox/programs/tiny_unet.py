"""A program that runs one denoising step of a small UNet with a LoRA, to show that the real libraries live under the lock."""

import importlib
from collections.abc import Mapping
from typing import Any

from lorascan.sandbox.serve import Program, Reply, Request


def prepare(_: Mapping[str, Any]) -> Program:
    """Import torch, diffusers and peft, build a UNet of a few thousand weights from a fixed seed, and warm it up."""
    torch = importlib.import_module("torch")
    diffusers = importlib.import_module("diffusers")
    importlib.import_module("peft")
    torch.manual_seed(0)
    torch.set_num_threads(1)
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        attention_head_dim=4,
        cross_attention_dim=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    ).eval()

    def step(request: Request) -> Reply:
        latents = torch.frombuffer(bytearray(request.blobs[0]), dtype=torch.float32).reshape(1, 4, 8, 8)
        with torch.no_grad():
            out = unet(latents, 500, encoder_hidden_states=torch.ones(1, 3, 16)).sample
        return Reply(result={}, blobs=(out.numpy().tobytes(),))

    def attach(request: Request) -> Reply:
        peft = importlib.import_module("peft")
        unet.add_adapter(peft.LoraConfig(r=2, lora_alpha=2, target_modules=["to_q"], init_lora_weights=False))
        values = torch.frombuffer(bytearray(request.sealed["adapter"]), dtype=torch.float32)
        count = 0
        with torch.no_grad():
            for name, weight in unet.named_parameters():
                if "lora_" in name:
                    weight.copy_(values[: weight.numel()].reshape(weight.shape))
                    count += 1
        return Reply(result={"tensors": count})

    return Program(operations={"step": step, "attach": attach})
