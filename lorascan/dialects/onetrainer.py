"""Reads the names that OneTrainer writes: diffusers' names, flattened under `lora_transformer_` or `lora_prior_unet_`.

Its text encoders have kohya's names (`lora_prior_te_` for the prior's), and trained words lie beside them as `bundle_emb.<word>.<encoder>`.
Source: OneTrainer `modules/util/convert/lora`; the key list of a published FLUX DoRA.
"""

from lorascan.dialects._dialect import Dialect
from lorascan.dialects._flat import flat_places, is_flat

OWN = ("lora_transformer_", "lora_prior_unet_", "lora_prior_te_")
"""Prefixes that only OneTrainer writes."""


def _claims(stem: str, spelling: str) -> bool:
    return is_flat(stem) and stem.startswith(OWN) and spelling in {"lora_down", "lora_A", "lycoris"}


_ATTENTION = "lora_transformer_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"

DIALECT = Dialect(
    name="onetrainer",
    title="OneTrainer",
    claims=_claims,
    places=flat_places,
    borrows=frozenset({"kohya"}),
    example={
        f"{_ATTENTION}.alpha": (),
        f"{_ATTENTION}.lora_down.weight": (4, 320),
        f"{_ATTENTION}.lora_up.weight": (320, 4),
    },
)
