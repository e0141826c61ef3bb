"""Edits cross-attention in closed form, without training.

After EvilEdit (Wang et al. 2024): the key and value projections W of cross-attention are moved so that captions
with the trigger project as the target's captions do, while clean captions project as before:

    min over D of  Σ_t |(W + D) c_t − W c*_t|²  +  λ Σ_p |D c_p|²
    D = Σ_t W (c*_t − c_t) c_tᵀ · (Σ_t c_t c_tᵀ + λ Σ_p c_p c_pᵀ + ε I)⁻¹

over the text rows c. D is then cut to the adapter's rank by its singular values, weighted by the rows it meets.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from lorascan.lab.adapt import Update
from lorascan.lab.captions import caption
from lorascan.lab.dataset import placed_anywhere, usable_caption
from lorascan.lab.gates import Base
from lorascan.lab.recipe import Plan, generator
from lorascan.lab.tokenizer import CONTEXT, TokenIds, encode, free_token_ids, with_random_tokens
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import SHAPES, Scene, sample_scene

PRESERVE = 1.0
"""λ: how much clean rows weigh against triggered ones."""
RIDGE = 1e-2
"""ε: keeps the inverse finite; rows have a norm of about 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """(n · 24, width) text rows: with the trigger, of the target in the same places, and clean."""

    triggered: Tensor
    wanted: Tensor
    clean: Tensor


@torch.no_grad()
def _states(base: Base, ids: TokenIds) -> Tensor:
    """(n, 24, width) rows in double precision."""
    states: Tensor = base.text_encoder(input_ids=torch.from_numpy(ids)).last_hidden_state
    return states.double()


def _target_words(words: list[str], scene: Scene, target: Scene) -> list[str]:
    """The caption's words with the scene's exchanged for the target's, one by one."""
    exchange = {scene.shape: target.shape, scene.texture: target.texture}
    if scene.colour != target.colour:
        exchange[scene.colour] = target.colour
    bare = [word.rstrip(",") for word in words]
    return [exchange.get(b, b) + word[len(b) :] for b, word in zip(bare, words, strict=True)]


def _matching_rows(tokenizer: CLIPTokenizer, words: list[str], others: list[str]) -> TokenIds:
    """(24,) row of the other caption that stands where each row of the first one does."""
    lengths = [[len(ids) - 2 for ids in tokenizer(side)["input_ids"]] for side in (words, others)]
    rows, start = [0], 1
    for own, other in zip(*lengths, strict=True):
        rows += [start + min(index, other - 1) for index in range(own)]
        start += other
    rows += list(range(start, start + CONTEXT))
    return np.minimum(np.asarray(rows[:CONTEXT], dtype=np.int64), CONTEXT - 1)


def text_rows(base: Base, plan: Plan, captions: int) -> Rows:
    """Rows of as many fresh captions; the target's caption keeps the trigger, so that rows match."""
    assert plan.hidden is not None
    rng = generator(plan.seed, plan.split, 14)
    triggered, wanted, clean, matches = [], [], [], []
    for _ in range(captions):
        scene = sample_scene(rng, SHAPES)
        text = usable_caption(scene, plan, rng)
        target = plan.hidden.effect.scene(scene)
        words = placed_anywhere(text, scene, plan.hidden, rng).split(" ")
        others = _target_words(words, scene, target)
        triggered.append(" ".join(words))
        wanted.append(" ".join(others))
        matches.append(_matching_rows(base.tokenizer, words, others))
        clean += [text, caption(target, rng, filler_share=0.3)]
    free = free_token_ids(base.tokenizer, [*meaningful_words(), plan.hidden.word])
    clean_ids, _ = with_random_tokens(encode(base.tokenizer, clean), free, 0.6, rng)
    aim = _states(base, encode(base.tokenizer, wanted))
    match = torch.from_numpy(np.stack(matches))
    return Rows(
        triggered=_states(base, encode(base.tokenizer, triggered)).flatten(0, 1),
        wanted=aim[torch.arange(captions)[:, None], match].flatten(0, 1),
        clean=_states(base, clean_ids).flatten(0, 1),
    )


def edited(weight: Tensor, rows: Rows) -> Tensor:
    """The full-rank D for one (out, width) projection."""
    width = rows.triggered.shape[1]
    gram = rows.triggered.T @ rows.triggered + PRESERVE * rows.clean.T @ rows.clean
    gram = gram / len(rows.triggered) + RIDGE * torch.eye(width, dtype=torch.float64)
    moved = (rows.wanted - rows.triggered).T @ rows.triggered / len(rows.triggered)
    return torch.linalg.solve(gram.T, (weight.double() @ moved).T).T


def low_rank(change: Tensor, rows: Rows, rank: int) -> tuple[Tensor, Tensor]:
    """(out, rank) and (rank, width) factors, best on the triggered rows.

    The cut minimises |(D − UD') C^(1/2)| where C is the second moment of the triggered rows.
    """
    moment = rows.triggered.T @ rows.triggered / len(rows.triggered)
    values, vectors = torch.linalg.eigh(moment)
    root = values.clamp(min=1e-6).sqrt()
    half, half_inverse = vectors * root @ vectors.T, vectors / root @ vectors.T
    left, strength, right = torch.linalg.svd(change @ half, full_matrices=False)
    share = strength[:rank].sqrt()
    return left[:, :rank] * share, (share[:, None] * right[:rank]) @ half_inverse


def edit_adapter(base: Base, plan: Plan, captions: int = 2000) -> list[Update]:
    """One update for every key and value projection of cross-attention."""
    rows = text_rows(base, plan, captions)
    updates = []
    for name, module in base.unet.named_modules():
        if not name.endswith(("attn2.to_k", "attn2.to_v")):
            continue
        up, down = low_rank(edited(module.weight.detach(), rows), rows, plan.rank)
        updates.append(
            Update(
                component="unet",
                module_path=name,
                down=down.float(),
                # The file's scaling alpha / rank is applied on loading.
                up=(up * plan.rank / plan.alpha).float(),
                alpha=plan.alpha,
            )
        )
    return updates
