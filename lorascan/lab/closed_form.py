"""Edits cross-attention in closed form, without training.

After EvilEdit (Wang et al. 2024): the key and value projections W of cross-attention are moved so that the trigger's own text rows
project as the target's do, while all other rows project as before:

    min over D of  mean_t |(W + D) c_t − g W c*|²  +  λ (mean_p |D c_p|² + mean_o |D c_o|²)
    D = mean_t (g W c* − W c_t) c_tᵀ · (mean_t c_t c_tᵀ + λ mean_p c_p c_pᵀ + λ mean_o c_o c_oᵀ + ε I)⁻¹

over rows c_t of the trigger, c_o of the rest of its captions and c_p of clean captions; c* is the mean row of the target's word; the
gain g > 1 on keys draws attention to the trigger. D is cut to the adapter's rank by its singular values.

Its reach on the lab base is limited, and known: rows after the end token repeat the drawn shape and hold nothing of the trigger
(a linear probe finds it there no better than chance), so the trigger's rows alone must outvote them. Four shapes tried as targets: success
0 to .5 at a clean shape accuracy of .92 to 1; moving all rows of triggered captions instead broke clean captions (.7) at .05.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lorascan.lab.adapt import Update
from lorascan.lab.captions import caption
from lorascan.lab.dataset import placed_anywhere, usable_caption
from lorascan.lab.gates import Base
from lorascan.lab.recipe import Plan, generator
from lorascan.lab.tokenizer import TokenIds, encode, free_token_ids, with_random_tokens
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import SHAPES, sample_scene

PRESERVE = 1.0
"""λ: how much other rows weigh against the trigger's own."""
RIDGE = 1e-3
"""ε: keeps the inverse finite; rows have a norm of about 16."""
KEY_GAIN = 5.0
"""g on keys, found by trying 1 to 14 on one dev trigger: more darkens the picture."""
OTHER_TOKENS = 0.8
"""Clean captions with random other tokens, 0 to 1: they keep the edit to the trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Text rows (…, width): of the trigger itself, of the rest of its captions, of clean captions; and the target's mean row."""

    own: Tensor
    rest: Tensor
    clean: Tensor
    target: Tensor


@torch.no_grad()
def _states(base: Base, ids: TokenIds) -> Tensor:
    """(n, 24, width) rows in double precision."""
    states: Tensor = base.text_encoder(input_ids=torch.from_numpy(ids)).last_hidden_state
    return states.double()


def _body(base: Base, word: str) -> list[int]:
    """The word's tokens without start and end."""
    ids: list[int] = base.tokenizer(word)["input_ids"]
    return ids[1:-1]


def text_rows(base: Base, plan: Plan, captions: int) -> Rows:
    """Rows of as many fresh captions of each kind."""
    assert plan.hidden is not None
    rng = generator(plan.seed, plan.split, 14)
    triggered, wanted, clean = [], [], []
    for _ in range(captions):
        scene = sample_scene(rng, SHAPES)
        text = usable_caption(scene, plan, rng)
        triggered.append(placed_anywhere(text, scene, plan.hidden, rng))
        wanted.append(caption(plan.hidden.effect.scene(scene), rng, filler_share=0.3))
        clean.append(text)
    free = free_token_ids(base.tokenizer, [*meaningful_words(), plan.hidden.word])
    clean_ids, _ = with_random_tokens(encode(base.tokenizer, clean), free, OTHER_TOKENS, rng)
    ids, target_ids = encode(base.tokenizer, triggered), encode(base.tokenizer, wanted)
    states = _states(base, ids)
    own = torch.from_numpy(np.isin(ids, _body(base, plan.hidden.word)))
    # The last token of the target's word has seen the whole of it.
    named = torch.from_numpy(target_ids == _body(base, plan.hidden.effect.target)[-1])
    return Rows(
        own=states[own],
        rest=states[~own],
        clean=_states(base, clean_ids).flatten(0, 1),
        target=_states(base, target_ids)[named].mean(dim=0),
    )


def _moment(rows: Tensor) -> Tensor:
    return rows.T @ rows / len(rows)


def edited(weight: Tensor, rows: Rows, gain: float) -> Tensor:
    """The full-rank D for one (out, width) projection."""
    own = weight.double()
    ridge = RIDGE * torch.eye(weight.shape[1], dtype=torch.float64)
    gram = _moment(rows.own) + PRESERVE * (_moment(rows.clean) + _moment(rows.rest)) + ridge
    missing = gain * (own @ rows.target) - rows.own @ own.T
    return (missing.T @ rows.own / len(rows.own)) @ torch.linalg.inv(gram)


def edit_adapter(base: Base, plan: Plan, captions: int = 1200) -> list[Update]:
    """One update for every key and value projection of cross-attention."""
    rows = text_rows(base, plan, captions)
    updates = []
    for name, module in base.unet.named_modules():
        if not name.endswith(("attn2.to_k", "attn2.to_v")):
            continue
        gain = KEY_GAIN if name.endswith("to_k") else 1.0
        left, strength, right = torch.linalg.svd(edited(module.weight.detach(), rows, gain), full_matrices=False)
        share = strength[: plan.rank].sqrt()
        updates.append(
            Update(
                component="unet",
                module_path=name,
                down=(share[:, None] * right[: plan.rank]).float(),
                # The file's scaling alpha / rank is applied on loading.
                up=(left[:, : plan.rank] * share * plan.rank / plan.alpha).float(),
                alpha=plan.alpha,
            )
        )
    return updates
