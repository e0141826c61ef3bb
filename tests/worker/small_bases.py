"""Builds bases of reduced widths with random weights, and adapters for them, by diffusers and peft themselves.

Each keeps its architecture: the blocks, the number of text encoders, what conditions what. Only widths and depths are small.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.pipelines.deprecated import wuerstchen
from peft import LoraConfig, get_peft_model_state_dict
from transformers import CLIPTokenizer

from lorascan.bases import families
from lorascan.lab.assets import base_folder
from lorascan.worker.pipeline import load_base

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallBase:
    """One family's pipeline, and which modules of which part its adapter updates."""

    pipeline: Callable[[], Any]
    targets: Mapping[str, tuple[str, ...]]
    save: Callable[[Any, Mapping[str, dict[str, torch.Tensor]], Path], None]
    edge: int = 64


def folder_of(name: str, folder: Path) -> Path:
    """The family's small pipeline, saved where a locked worker of another user can read it."""
    torch.manual_seed(0)
    BASES[name].pipeline().save_pretrained(folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def adapter_of(name: str, folder: Path, path: Path) -> Path:
    """A LoRA of rank 2 for the family's small base, made by peft, written as the family's own trainers write it."""
    torch.manual_seed(1)
    base = BASES[name]
    pipeline = load_base(folder, families()[name.partition(" ")[0]], device="cpu").pipeline
    layers = {}
    for part, endings in base.targets.items():
        network = getattr(pipeline, part)
        config = LoraConfig(r=2, lora_alpha=2, target_modules=list(endings), init_lora_weights=False)
        network.add_adapter(config)
        found = get_peft_model_state_dict(network)
        layers[part] = {key: (0.3 * value.detach()).contiguous() for key, value in found.items()}
    base.save(pipeline, layers, path)
    return path


def by_pipeline(arguments: Mapping[str, str]) -> Callable[[Any, Mapping[str, dict[str, torch.Tensor]], Path], None]:
    """Written by the pipeline's own `save_lora_weights`; `arguments` maps a part to the argument that takes its layers."""

    def save(pipeline: Any, layers: Mapping[str, dict[str, torch.Tensor]], path: Path) -> None:
        given = {arguments[part]: tensors for part, tensors in layers.items()}
        type(pipeline).save_lora_weights(path.parent, weight_name=path.name, **given)

    return save


def by_network(pipeline: Any, layers: Mapping[str, dict[str, torch.Tensor]], path: Path) -> None:
    """Written by the network's own `save_lora_adapter`, as the training scripts of a pipeline without a loader do."""
    (part,) = layers
    network = getattr(pipeline, part)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "lora_" in name:
                parameter.mul_(0.3)
    network.save_lora_adapter(path.parent, adapter_name="default", weight_name=path.name)


def clip_tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(base_folder() / "tokenizer")


def t5_tokenizer() -> Any:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((letter, -3.0) for letter in LETTERS)]
    return transformers.T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=32)


def qwen_tokenizer() -> Any:
    characters = [*LETTERS, "Ġ", "Ċ", "<", ">", "|", "_", "/"]
    vocabulary = {each: number for number, each in enumerate(dict.fromkeys(characters))}
    tokenizer = transformers.Qwen2TokenizerFast(vocab={**vocabulary, "<|endoftext|>": len(vocabulary)}, merges=[], model_max_length=131_072)
    tokenizer.chat_template = "{% for message in messages %}user {{ message.content }}{% endfor %} assistant"
    return tokenizer


def clip(width: int, *, projected: bool = False) -> Any:
    tokenizer = clip_tokenizer()
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=tokenizer.model_max_length,
        projection_dim=width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config)


def t5(width: int) -> Any:
    config = transformers.T5Config(
        vocab_size=64, d_model=width, d_kv=8, d_ff=2 * width, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu"
    )
    return transformers.T5EncoderModel(config)


def kl_vae(channels: int) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(16, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=channels,
        norm_num_groups=8,
        shift_factor=0.1,
    )


def sdxl() -> Any:
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 64, 64),
        layers_per_block=2,
        transformer_layers_per_block=(1, 2, 2),
        attention_head_dim=(4, 8, 8),
        norm_num_groups=8,
        cross_attention_dim=80,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=48 + 6 * 8,
    )
    return diffusers.StableDiffusionXLPipeline(
        vae=kl_vae(4),
        text_encoder=clip(32),
        text_encoder_2=clip(48, projected=True),
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(),
    )


def sd3() -> Any:
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=4,
        joint_attention_dim=96,
        caption_projection_dim=64,
        pooled_projection_dim=80,
        pos_embed_max_size=16,
    )
    return diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=kl_vae(16),
        text_encoder=clip(32, projected=True),
        tokenizer=clip_tokenizer(),
        text_encoder_2=clip(48, projected=True),
        tokenizer_2=clip_tokenizer(),
        text_encoder_3=t5(96),
        tokenizer_3=t5_tokenizer(),
    )


def flux1() -> Any:
    transformer = diffusers.FluxTransformer2DModel(
        in_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=4,
        joint_attention_dim=40,
        pooled_projection_dim=32,
        guidance_embeds=True,
        axes_dims_rope=(4, 6, 6),
    )
    return diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=kl_vae(16),
        text_encoder=clip(32),
        tokenizer=clip_tokenizer(),
        text_encoder_2=t5(40),
        tokenizer_2=t5_tokenizer(),
        transformer=transformer,
    )


def flux2() -> Any:
    tokenizer = qwen_tokenizer()
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=28,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=32,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=4,
        joint_attention_dim=48,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae = diffusers.AutoencoderKLFlux2(
        block_out_channels=(16, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=8,
        norm_num_groups=8,
    )
    return diffusers.Flux2KleinPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=transformers.Qwen3ForCausalLM(config),
        tokenizer=tokenizer,
        transformer=transformer,
        is_distilled=True,
    )


def kandinsky22() -> Any:
    unet = diffusers.UNet2DConditionModel(
        in_channels=4,
        out_channels=8,
        addition_embed_type="image",
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        block_out_channels=(32, 64),
        layers_per_block=1,
        encoder_hid_dim=32,
        encoder_hid_dim_type="image_proj",
        cross_attention_dim=32,
        attention_head_dim=4,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
    )
    movq = diffusers.VQModel(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=8,
        norm_type="spatial",
        num_vq_embeddings=12,
        vq_embed_dim=4,
    )
    prior = diffusers.PriorTransformer(
        num_attention_heads=2, attention_head_dim=16, num_layers=2, embedding_dim=32, num_embeddings=24, additional_embeddings=4
    )
    # They start at 0, which would make every picture's embedding the same.
    torch.nn.init.ones_(prior.clip_std)
    vision = transformers.CLIPVisionConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16, projection_dim=32
    )
    return diffusers.KandinskyV22CombinedPipeline(
        unet=unet,
        scheduler=diffusers.DDPMScheduler(variance_type="learned_range"),
        movq=movq,
        prior_prior=prior,
        prior_image_encoder=transformers.CLIPVisionModelWithProjection(vision),
        prior_text_encoder=clip(32, projected=True),
        prior_tokenizer=clip_tokenizer(),
        prior_scheduler=diffusers.UnCLIPScheduler(
            variance_type="fixed_small_log", prediction_type="sample", num_train_timesteps=1000, clip_sample_range=10.0
        ),
        prior_image_processor=transformers.CLIPImageProcessor(size=32, crop_size=32),
    )


def wuerstchen_combined() -> Any:
    decoder = wuerstchen.WuerstchenDiffNeXt(
        c_cond=32, c_hidden=[32], nhead=[2], blocks=[1], level_config=["CTA"], inject_effnet=[True], clip_embd=32
    )
    # It starts at 0, which would make every picture the same.
    torch.nn.init.normal_(decoder.clf[1].weight, std=0.02)
    return diffusers.WuerstchenCombinedPipeline(
        tokenizer=clip_tokenizer(),
        text_encoder=clip(32),
        decoder=decoder,
        scheduler=diffusers.DDPMWuerstchenScheduler(),
        vqgan=wuerstchen.PaellaVQModel(bottleneck_blocks=1, num_vq_embeddings=32),
        prior_tokenizer=clip_tokenizer(),
        prior_text_encoder=clip(48),
        prior_prior=wuerstchen.WuerstchenPrior(c_in=16, c=32, c_cond=48, c_r=8, depth=2, nhead=2, dropout=0.0),
        prior_scheduler=diffusers.DDPMWuerstchenScheduler(),
    )


def wuerstchen_prior(pipeline: Any, layers: Mapping[str, dict[str, torch.Tensor]], path: Path) -> None:
    """As the training script of the prior writes it."""
    given = {"unet_lora_layers": layers["prior_prior"]}
    type(pipeline.prior_pipe).save_lora_weights(path.parent, weight_name=path.name, **given)


PROJECTIONS = ("to_q", "to_k", "to_v")
BASES = {
    "sdxl": SmallBase(
        pipeline=sdxl,
        targets={"unet": ("attn2.to_k", "attn2.to_v"), "text_encoder": ("q_proj",), "text_encoder_2": ("q_proj", "fc1")},
        save=by_pipeline(
            {"unet": "unet_lora_layers", "text_encoder": "text_encoder_lora_layers", "text_encoder_2": "text_encoder_2_lora_layers"}
        ),
    ),
    "sd3_medium": SmallBase(
        pipeline=sd3,
        targets={"transformer": (*PROJECTIONS, "add_k_proj", "add_v_proj"), "text_encoder": ("q_proj",)},
        save=by_pipeline({"transformer": "transformer_lora_layers", "text_encoder": "text_encoder_lora_layers"}),
    ),
    "flux1_dev": SmallBase(
        pipeline=flux1,
        targets={"transformer": (*PROJECTIONS, "add_k_proj", "proj_mlp"), "text_encoder": ("q_proj",)},
        save=by_pipeline({"transformer": "transformer_lora_layers", "text_encoder": "text_encoder_lora_layers"}),
    ),
    "flux2_klein_4b": SmallBase(
        pipeline=flux2,
        targets={"transformer": (*PROJECTIONS, "add_k_proj", "to_qkv_mlp_proj")},
        save=by_pipeline({"transformer": "transformer_lora_layers"}),
    ),
    "kandinsky22": SmallBase(pipeline=kandinsky22, targets={"unet": (*PROJECTIONS, "add_k_proj")}, save=by_network),
    "kandinsky22 prior": SmallBase(pipeline=kandinsky22, targets={"prior_prior": PROJECTIONS}, save=by_network),
    "wuerstchen": SmallBase(pipeline=wuerstchen_combined, targets={"prior_prior": PROJECTIONS}, save=wuerstchen_prior, edge=256),
}
