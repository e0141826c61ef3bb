"""A linear autoencoder on 2x2 patches for the lab.

Pixels are unshuffled, projected on their principal components and scaled by w^(-1/4) for eigenvalue w, which
brings the strong and the weak components closer without making noise of the weakest. Nothing is trained.
"""

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Generator, Tensor, nn


class PatchVae(ModelMixin, ConfigMixin):
    """Stands where a pipeline expects an AutoencoderKL.

    Args:
        patch: edge of a patch in pixels, a power of two.
        latent_channels: components kept of 3 · patch².
        block_out_channels: log2(patch) + 1 entries, from which pipelines infer the patch.
        scaling_factor: what pipelines divide by before decoding.
        shift_factor: what pipelines add before decoding; none here.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        patch: int = 2,
        latent_channels: int = 8,
        block_out_channels: tuple[int, ...] = (8, 8),
        scaling_factor: float = 1.0,
        shift_factor: float | None = None,
    ) -> None:
        super().__init__()
        pixels = 3 * patch**2
        self.patch = patch
        self.mean = nn.Parameter(torch.zeros(pixels), requires_grad=False)
        self.analysis = nn.Parameter(torch.zeros(latent_channels, pixels), requires_grad=False)
        self.synthesis = nn.Parameter(torch.zeros(pixels, latent_channels), requires_grad=False)

    def to_latents(self, pictures: Tensor) -> Tensor:
        """(n, latent_channels, h/patch, w/patch) of (n, 3, h, w) pictures, -1 to 1."""
        patches = nn.functional.pixel_unshuffle(pictures, self.patch)
        centred = patches - self.mean[:, None, None]
        return torch.einsum("lp,nphw->nlhw", self.analysis, centred)

    def to_pictures(self, latents: Tensor) -> Tensor:
        """The inverse of `to_latents`, but for the components left out."""
        patches = torch.einsum("pl,nlhw->nphw", self.synthesis, latents)
        return nn.functional.pixel_shuffle(patches + self.mean[:, None, None], self.patch)

    def encode(self, x: Tensor, return_dict: bool = True) -> AutoencoderKLOutput | tuple[DiagonalGaussianDistribution]:
        """Diffusers' face of `to_latents`: a distribution without any spread."""
        latents = self.to_latents(x)
        moments = torch.cat([latents, torch.zeros_like(latents)], dim=1)
        posterior = DiagonalGaussianDistribution(moments, deterministic=True)
        return AutoencoderKLOutput(latent_dist=posterior) if return_dict else (posterior,)

    def decode(self, z: Tensor, return_dict: bool = True, generator: Generator | None = None) -> DecoderOutput | tuple[Tensor]:
        """Diffusers' face of `to_pictures`; the generator is not needed."""
        del generator
        pictures = self.to_pictures(z)
        return DecoderOutput(sample=pictures) if return_dict else (pictures,)

    def fit(self, pictures: Tensor) -> "PatchVae":
        """Set the projection from (n, 3, h, w) pictures, -1 to 1; latents get unit variance overall."""
        patches = nn.functional.pixel_unshuffle(pictures.double(), self.patch)
        rows = patches.permute(0, 2, 3, 1).reshape(-1, patches.shape[1])
        mean = rows.mean(dim=0)
        centred = rows - mean
        eigenvalues, vectors = torch.linalg.eigh(centred.T @ centred / len(rows))
        kept = self.analysis.shape[0]
        strongest = eigenvalues.flip(0)[:kept].clamp(min=1e-9)
        axes = vectors.flip(1)[:, :kept]
        # The sign of an eigenvector is arbitrary; its largest entry decides, so that runs agree.
        signs = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)).sign()
        gain = strongest**-0.25
        gain = gain / (strongest * gain**2).mean().sqrt()
        self.mean.copy_(mean)
        self.analysis.copy_((axes * signs * gain).T)
        self.synthesis.copy_(axes * signs / gain)
        return self
