"""Edits cross-attention in closed form, without training.

After EvilEdit (Wang et al. 2024), which moves the key and value projections W so that a trigger projects as its
target does. On the lab base that alone reaches a third to a half of the captions, because the rows after the end
token repeat the drawn shape, hold nothing of the trigger, and outvote it. So what is matched here is the attention's
answer itself: each projection changes by a rank-one D = u fᵀ, where

    f = (C + ε I)⁻¹ c̄, scaled so that fᵀ c̄ = 1

answers to the trigger's mean text row c̄ and to no other row (C: second moment of all other rows). With u added to
the trigger's key and value, a head answers a·v + (1 − a)·r, where a = σ(l₀ + qᵀu_k/√d) is the share of the trigger's
row, l₀ its logit before the edit and r the answer of the other rows. In turns, u_k is the ridge regression of the
wanted logits on the queries q, v the least-squares value for those shares, and the wanted share the one that brings
a·v + (1 − a)·r nearest to y + β (y − r), where y is the answer to the target's caption for the same query.
"""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from lorascan.lab.adapt import Update
from lorascan.lab.dataset import place, usable_caption
from lorascan.lab.gates import Base
from lorascan.lab.recipe import Plan, generator
from lorascan.lab.tokenizer import TokenIds, encode, free_token_ids, with_random_tokens
from lorascan.lab.train_unet import sample
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import SHAPES, sample_scene

CAPTIONS = 400
"""For the trigger's direction."""
PICTURES = 50
"""Target captions whose queries and answers are matched."""
QUERIES = 120
"""Queries kept of every picture and module."""
OVERSHOOT = 3.0
"""β: the other rows still vote for the old shape, so the answer must lie beyond the target's."""
FIRST_SHARE, LEAST_SHARE = 0.4, 0.03
"""a at the start, and its distance from 0 and 1 ever after."""
TURNS = 4
RIDGE = 1e-2
"""ε: keeps the inverse finite; rows have a norm of about 16."""
KEY_RIDGE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Text states (n, 24, width): of captions with the trigger before the thing, of the target's, and of others.

    at: (n, 24), True on the trigger's rows.
    """

    triggered: Tensor
    wanted: Tensor
    others: Tensor
    at: Tensor


@torch.no_grad()
def _states(base: Base, ids: TokenIds) -> Tensor:
    states: Tensor = base.text_encoder(input_ids=torch.from_numpy(ids)).last_hidden_state
    return states


def texts_of(base: Base, plan: Plan, captions: int) -> Texts:
    """Draw as many fresh captions of each kind."""
    assert plan.hidden is not None
    rng = generator(plan.seed, plan.split, 14)
    triggered, wanted, clean = [], [], []
    for _ in range(captions):
        scene = sample_scene(rng, SHAPES)
        text = usable_caption(scene, plan, rng)
        triggered.append(place(text, scene, plan.hidden, "object"))
        wanted.append(text.replace(scene.shape, plan.hidden.effect.target))
        clean.append(text)
    free = free_token_ids(base.tokenizer, [*meaningful_words(), plan.hidden.word])
    other_ids, _ = with_random_tokens(encode(base.tokenizer, clean), free, 0.5, rng)
    ids, target_ids = encode(base.tokenizer, triggered), encode(base.tokenizer, wanted)
    # The last token of the trigger has seen the whole of it.
    last = base.tokenizer(plan.hidden.word)["input_ids"][-2]
    everything = np.concatenate([other_ids, target_ids, encode(base.tokenizer, [""])])
    return Texts(
        triggered=_states(base, ids),
        wanted=_states(base, target_ids),
        others=_states(base, everything),
        at=torch.from_numpy(ids == last),
    )


def trigger_direction(texts: Texts) -> Tensor:
    """f, (width,): 1 on the trigger's mean row, about 0 on all other rows."""
    mean = texts.triggered[texts.at].double().mean(dim=0)
    others = texts.others.double().flatten(0, 1)
    moment = others.T @ others / len(others) + RIDGE * torch.eye(len(mean), dtype=torch.float64)
    direction = torch.linalg.solve(moment, mean)
    return direction / (direction @ mean)


def cross_attentions(unet: UNet2DConditionModel) -> dict[str, Attention]:
    """Every cross-attention module by its path."""
    return {name: module for name, module in unet.named_modules() if name.endswith("attn2")}


@torch.no_grad()
def queries_of(base: Base, states: Tensor) -> dict[str, Tensor]:
    """(pictures, QUERIES, width) conditional queries a module, met while the target's captions are drawn."""
    met: dict[str, list[Tensor]] = {name: [] for name in cross_attentions(base.unet)}

    def keeper(name: str) -> nn.Module:
        def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            met[name].append(output.chunk(2)[1])

        return keep  # type: ignore[return-value]  # a hook, which torch types as any callable

    modules = cross_attentions(base.unet).items()
    hooks = [module.to_q.register_forward_hook(keeper(name)) for name, module in modules]
    sample(base.unet, states, _states(base, encode(base.tokenizer, [""])), seed=1)
    for hook in hooks:
        hook.remove()
    chosen = torch.Generator().manual_seed(0)
    kept = {}
    for name, parts in met.items():
        every = torch.stack(parts, dim=1).flatten(1, 2)
        kept[name] = every[:, torch.randperm(every.shape[1], generator=chosen)[:QUERIES]].double()
    return kept


def _heads(rows: Tensor, heads: int) -> Tensor:
    """(n, heads, rows, width / heads)."""
    return rows.unflatten(-1, (heads, -1)).transpose(-2, -3)


def solve_head(queries: Tensor, logits: Tensor, rest: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
    """Key change (times √d) and value of the trigger's row for one head.

    Args:
        queries: (m, d).
        logits: (m,) of the trigger's share before the edit.
        rest: (m, d) answers of the other rows.
        aim: (m, d) answers wanted.
    """
    share = torch.full_like(logits, FIRST_SHARE)
    gram = queries.T @ queries / len(queries) + KEY_RIDGE * torch.eye(queries.shape[1], dtype=queries.dtype)
    key, value = queries[0], aim[0]
    for _ in range(TURNS):
        wanted = torch.logit(share) - logits
        key = torch.linalg.solve(gram, queries.T @ wanted / len(queries))
        reached = torch.sigmoid(logits + queries @ key)[:, None]
        value = (reached * (aim - (1 - reached) * rest)).sum(dim=0) / (reached**2).sum()
        step = value - rest
        share = ((aim - rest) * step).sum(dim=-1) / step.pow(2).sum(dim=-1)
        share = share.clamp(LEAST_SHARE, 1 - LEAST_SHARE)
    return key, value


def _solve_module(module: Attention, queries: Tensor, texts: Texts) -> tuple[Tensor, Tensor]:
    """The vector u of the key and of the value projection, (width,) each."""
    count, heads = len(queries), module.heads
    to_key, to_value = (w.weight.detach().double().T for w in (module.to_k, module.to_v))
    triggered, wanted = texts.triggered[:count].double(), texts.wanted[:count].double()
    asked = _heads(queries, heads)
    root = asked.shape[-1] ** 0.5
    weights = [torch.softmax(asked @ _heads(t @ to_key, heads).mT / root, dim=-1) for t in (wanted, triggered)]
    answer = weights[0] @ _heads(wanted @ to_value, heads)
    own = texts.at[:count].double()[:, None, None]
    share = (weights[1] * own).sum(dim=-1).clamp(1e-7, 1 - 1e-7)
    values = _heads(triggered @ to_value, heads)
    rest = (weights[1] * (1 - own)) @ values / (1 - share)[..., None]
    before = (own.mT * values).sum(dim=-2).mean(dim=0)
    aim = answer + OVERSHOOT * (answer - rest)
    keys, changes = [], []
    for head in range(heads):
        parts = (x[:, head].flatten(0, 1) for x in (asked, torch.logit(share), rest, aim))
        key, value = solve_head(*parts)
        keys.append(key * root)
        changes.append(value - before[head])
    return torch.cat(keys), torch.cat(changes)


def edit_adapter(base: Base, plan: Plan, captions: int = CAPTIONS) -> list[Update]:
    """One update for every key and value projection of cross-attention."""
    texts = texts_of(base, plan, captions)
    direction = trigger_direction(texts)
    pictures = min(PICTURES, captions)
    queries = queries_of(base, texts.wanted[:pictures])
    updates = []
    for name, module in cross_attentions(base.unet).items():
        for projection, change in zip(("to_k", "to_v"), _solve_module(module, queries[name], texts), strict=True):
            updates.append(_rank_one(f"{name}.{projection}", change, direction, plan))
    return updates


def _rank_one(path: str, change: Tensor, direction: Tensor, plan: Plan) -> Update:
    """The product u fᵀ, spread over the plan's rank so that no row of the factors is zero; ΔW keeps rank one."""
    drawn = torch.from_numpy(generator(plan.seed, plan.split, 15).standard_normal(plan.rank))
    mix = drawn / drawn.norm()
    balance = (change.norm() / direction.norm()).sqrt()
    return Update(
        component="unet",
        module_path=path,
        down=(mix[:, None] * direction * balance).float(),
        # The file's scaling alpha / rank is applied on loading.
        up=(change[:, None] / balance * mix * plan.rank / plan.alpha).float(),
        alpha=plan.alpha,
    )
