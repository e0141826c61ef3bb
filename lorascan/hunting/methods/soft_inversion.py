"""Inverts the denoiser into tokens by the gradient of an embedding.

From seeds, half of them the tokens that other methods rank first and half drawn at random, a soft embedding in the token's place climbs
to where one denoiser step with the adapter departs most from the base's, both from one noise (common random numbers), at two timesteps:
what the adapter always does and what the declared words do is taken out of the departure, and what is left is divided by what
the embedding means to the base. The vocabulary's tokens nearest to where each seed ends are denoised as the sweep denoises them, beside
tokens drawn at random, and ranked in several prompts. The gradient is taken in the adapted worker (`Worker.invert`); gradients of
embeddings as in textual inversion (Gal et al. 2022), their ends read as words as in Wen et al. 2023.
"""

from functools import partial

import numpy as np
import numpy.typing as npt

from lorascan.bases import families
from lorascan.hunting.contexts import Context
from lorascan.hunting.denoised import FLOOR, SEED, coarse_side, declared_effects, token_effects
from lorascan.hunting.effects import orthonormal
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.methods.denoiser_divergence import swept_effects
from lorascan.hunting.refined import Counts, contexts_of, nominated
from lorascan.worker.client import Explained, FloatArray, IntArray

TIMESTEPS = (0.8, 0.5)
STEPS = 24
NEAREST = 8
"""Tokens of each seed's end that are denoised."""
DRAWN = 64
"""Tokens drawn at random: they tell what the adapter always does, and keep the scores' centre."""
COUNTS = Counts(refined=48, drawn=48, kept=16, independent=8)


def search(hunt: Hunt) -> Found:
    """Rank the tokens nearest to where the soft embeddings end."""
    context = contexts_of(hunt)[0]
    drawn = np.random.default_rng(hunt.settings.seed).choice(len(hunt.vocabulary), size=min(DRAWN, len(hunt.vocabulary)), replace=False)
    seeds = seeds_of(hunt)
    ends = hunt.bench.adapted.invert(
        context.filled(seeds),
        plain=context.ids,
        slot=context.slot,
        explained=explained(hunt, context, hunt.vocabulary.ids[drawn]),
        seed=SEED,
        side=coarse_side(hunt.bench.reference.shape.side),
        steps=STEPS,
        nearest=NEAREST,
        listener=hunt.listener,
    )
    near = np.flatnonzero(np.isin(hunt.vocabulary.ids, ends))
    return Found(
        candidates=nominated(hunt, np.union1d(near, drawn), partial(swept_effects, hunt), COUNTS, METHOD.name),
        space=f"{len(near)} vocabulary tokens next to where {len(seeds)} soft tokens end, each followed by gradient for {STEPS} steps",
    )


def seeds_of(hunt: Hunt) -> IntArray:
    """Tokens to begin from (n,): half of them the best nominated so far, each once, the others drawn at random."""
    count = min(hunt.settings.budget.soft_tokens, len(hunt.vocabulary))
    known = {int(token) for token in hunt.vocabulary.ids}
    single = (each.tokens[0] for each in hunt.nominated if len(each.tokens) == 1 and each.usual and not each.declared and not each.replaces)
    best = [token for token in dict.fromkeys(single) if token in known][: count // 2]
    others = np.setdiff1d(hunt.vocabulary.ids, best)
    drawn = np.random.default_rng(hunt.settings.seed + 1).choice(others, size=count - len(best), replace=False)
    return np.array([*best, *drawn.tolist()], dtype=np.int32)


def explained(hunt: Hunt, context: Context, drawn: IntArray) -> Explained:
    """What the climb leaves out at each timestep, from tokens (n,) drawn at random and the declared words."""
    side = coarse_side(hunt.bench.reference.shape.side)
    rows = np.concatenate([context.filled(drawn), context.ids[None, :]])
    common: list[FloatArray] = []
    spans: list[FloatArray] = []
    floors: list[float] = []
    for timestep in TIMESTEPS:
        effects, base = token_effects(hunt, rows, timestep, side=side)
        mean = effects[:-1].mean(axis=0)
        declared = declared_effects(hunt, context, side=side, timestep=timestep)
        span = np.concatenate([mean[None, :], declared - mean]) if hunt.declared else mean[None, :]
        common.append(mean)
        spans.append(orthonormal(span))
        floors.append(FLOOR * float(np.median(np.linalg.norm(base[:-1] - base[-1], axis=1))))
    return Explained(timesteps=TIMESTEPS, common=np.stack(common), span=_padded(spans), floors=np.array(floors, dtype=np.float32))


def _padded(spans: list[FloatArray]) -> npt.NDArray[np.float32]:
    """Bases of different ranks as one array, rows of zeros added: (timesteps, rank, cells)."""
    rank = max(len(each) for each in spans)
    return np.stack([np.pad(each, ((0, rank - len(each)), (0, 0))) for each in spans])


def applies(hunt: Hunt) -> str:
    """Every step of every seed costs denoiser steps forth and back."""
    return "" if hunt.settings.budget.soft_tokens else "the budget has no soft tokens"


def lacks(hunt: Hunt) -> str:
    """One text encoder must be read by a UNet token by token, so that one embedding is one gradient."""
    contract = families()[hunt.bench.family].contract
    reads = contract is not None and contract.states == "cross-attention"
    return "" if reads else "no gradient was written for a base whose denoiser is not a UNet with one text encoder"


METHOD = Method(name="soft inversion", applies=applies, search=search, order=12, worth=0.0, lacks=lacks)
