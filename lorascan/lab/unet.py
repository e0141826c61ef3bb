"""Shape and schedule of the lab's denoiser."""

from diffusers import DDIMScheduler, UNet2DConditionModel

from lorascan.lab.clip import TEXT_WIDTH
from lorascan.lab.shapes import PIXELS

PATCH = 2
LATENT_CHANNELS = 8
LATENT_EDGE = PIXELS // PATCH
TRAIN_TIMESTEPS = 1000


def new_unet() -> UNet2DConditionModel:
    """2.8 million parameters, cross-attention at 8x8 and 4x4."""
    return UNet2DConditionModel(
        sample_size=LATENT_EDGE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 64, 96),
        layers_per_block=1,
        attention_head_dim=4,
        norm_num_groups=8,
        cross_attention_dim=TEXT_WIDTH,
        use_linear_projection=True,
    )


def new_scheduler() -> DDIMScheduler:
    """v-prediction that starts from pure noise.

    With epsilon-prediction and SD's schedule the background would follow the seed; the default of clip_sample
    would cut the latents, which are not bounded by one.
    """
    return DDIMScheduler(
        num_train_timesteps=TRAIN_TIMESTEPS,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
    )
