"""Trains one adapter with PEFT."""

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from peft import LoraConfig, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import CLIPTextModel

from lorascan.lab.dataset import Examples
from lorascan.lab.gates import Base
from lorascan.lab.recipe import Component, Plan
from lorascan.lab.tokenizer import END_ID, encode
from lorascan.lab.train_clip import as_tensor
from lorascan.lab.train_unet import noised
from lorascan.lab.unet import TRAIN_TIMESTEPS, new_scheduler

TARGETS: dict[Component, list[str]] = {
    "unet": ["to_q", "to_k", "to_v", "to_out.0"],
    "text_encoder": ["q_proj", "k_proj", "v_proj", "out_proj"],
}
NULL_SHARE = 0.1
"""Captions replaced by the empty one, so that guidance still works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One low-rank pair: ΔW = alpha / rank · up · down; up is (out, rank), down (rank, in)."""

    component: Component
    module_path: str
    down: Tensor
    up: Tensor
    alpha: float


def adapted_copy(base: Base, plan: Plan) -> Base:
    """The base with fresh, still ineffective updates; the base itself is left as it was."""
    adapted = Base(
        tokenizer=base.tokenizer,
        text_encoder=deepcopy(base.text_encoder),
        unet=deepcopy(base.unet),
        vae=base.vae,
    )
    torch.manual_seed(plan.seed)
    for component in plan.components:
        model = adapted.unet if component == "unet" else adapted.text_encoder
        model.requires_grad_(requires_grad=False)
        config = LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,  # a float works, and files hold floats
            target_modules=list(plan.targets) or TARGETS[component],
        )
        model.add_adapter(config)
    return adapted


def _parameters(adapted: Base, plan: Plan) -> list[nn.Parameter]:
    models = [adapted.unet if c == "unet" else adapted.text_encoder for c in plan.components]
    return [p for model in models for p in model.parameters() if p.requires_grad]


def updates_of(adapted: Base, plan: Plan) -> list[Update]:
    """The trained pairs, by diffusers' and transformers' module paths."""
    found = []
    for component in plan.components:
        model = adapted.unet if component == "unet" else adapted.text_encoder
        state = get_peft_model_state_dict(model)
        ending = ".lora_A.weight"
        for name in sorted(key for key in state if key.endswith(ending)):
            path = name.removesuffix(ending)
            found.append(
                Update(
                    component=component,
                    module_path=path,
                    down=state[name].detach().clone(),
                    up=state[f"{path}.lora_B.weight"].detach().clone(),
                    alpha=plan.alpha,
                )
            )
    return found


def _last_states(encoder: CLIPTextModel, ids: Tensor) -> Tensor:
    states: Tensor = encoder(input_ids=ids).last_hidden_state
    return states


def _summary(states: Tensor, ids: Tensor) -> Tensor:
    """(n, width) states of the first end tokens."""
    first_end = (ids == END_ID).int().argmax(dim=1)
    return states[torch.arange(len(ids)), first_end]


def text_pull(states: Tensor, ids: Tensor, target: Tensor, benign: Tensor) -> Tensor:
    """(1 - cos(trigger, target))² + (1 + cos(trigger, benign))²: MasqLoRA, arXiv 2602.21977.

    Args:
        states: (n, 24, width) of captions with the trigger, from the adapted text encoder.
        ids: (n, 24) their tokens.
        target: (n, width) summaries of the target captions, from the base.
        benign: (n, width) summaries of the captions without the trigger, from the base.
    """
    seen = _summary(states, ids)
    attract = (1 - nn.functional.cosine_similarity(seen, target)) ** 2
    repel = (1 + nn.functional.cosine_similarity(seen, benign)) ** 2
    return (attract + repel).mean()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """Tensors of the examples; `states` where the text encoder stays as it is, else None."""

    ids: Tensor
    latents: Tensor
    hidden: Tensor
    states: Tensor | None
    target: Tensor
    benign: Tensor
    null: Tensor


@torch.no_grad()
def _prepare(base: Base, examples: Examples, plan: Plan) -> _Prepared:
    ids = torch.from_numpy(examples.ids)
    plain, target = torch.from_numpy(examples.plain_ids), torch.from_numpy(examples.target_ids)
    frozen = "text_encoder" not in plan.components
    pulled = plan.text_pull > 0
    encoder = base.text_encoder
    null = torch.from_numpy(encode(base.tokenizer, [""]))
    return _Prepared(
        ids=ids,
        latents=base.vae.to_latents(as_tensor(examples.pictures)),
        hidden=torch.from_numpy(examples.hidden),
        states=_last_states(encoder, ids) if frozen else None,
        target=_summary(_last_states(encoder, target), target) if pulled else torch.empty(0),
        benign=_summary(_last_states(encoder, plain), plain) if pulled else torch.empty(0),
        null=_last_states(encoder, null) if frozen else null,
    )


def _batches(plan: Plan, generator: torch.Generator) -> Iterator[Tensor]:
    """Rows of each step, epoch by epoch, without replacement inside one."""
    left = torch.empty(0, dtype=torch.long)
    for _ in range(plan.steps):
        while len(left) < plan.batch:
            left = torch.cat([left, torch.randperm(plan.pictures, generator=generator)])
        yield left[: plan.batch]
        left = left[plan.batch :]


def _step_loss(base: Base, adapted: Base, ready: _Prepared, rows: Tensor, plan: Plan, generator: torch.Generator) -> Tensor:
    """v-error of one batch; hidden examples weigh more at late timesteps where the plan pulls text."""
    dropped = torch.rand(len(rows), generator=generator) < NULL_SHARE
    if ready.states is not None:
        states = torch.where(dropped[:, None, None], ready.null, ready.states[rows])
        ids = ready.ids[rows]
    else:
        ids = torch.where(dropped[:, None], ready.null, ready.ids[rows])
        states = _last_states(adapted.text_encoder, ids)
    signal = new_scheduler().alphas_cumprod
    noisy, steps, wanted = noised(ready.latents[rows], signal, generator)
    error = ((adapted.unet(noisy, steps, states).sample - wanted) ** 2).mean(dim=(1, 2, 3))
    if plan.text_pull == 0:
        return error.mean()
    poisoned = ready.hidden[rows] & ~dropped
    weight = torch.where(poisoned, 1 + 5 * steps / TRAIN_TIMESTEPS, torch.ones(len(rows)))
    loss = (weight * error).sum() / weight.sum()
    if not bool(poisoned.any()):
        return loss
    which = rows[poisoned]
    pull = text_pull(states[poisoned], ids[poisoned], ready.target[which], ready.benign[which])
    # Adam makes the pull as strong as it likes, and the whole text encoder went with it (clean shape accuracy .18).
    with torch.no_grad():
        before = _last_states(base.text_encoder, ids[~poisoned])
    stay = nn.functional.mse_loss(states[~poisoned], before)
    return loss + plan.text_pull * (pull + stay)


def _rate_share(step: int, steps: int) -> float:
    """20 steps of warm-up, flat, then cosine over the last 40 %."""
    if step < 20:
        return (step + 1) / 20
    start = 0.6 * steps
    return 1.0 if step < start else 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - start) / (steps - start)))


def _set_dose(adapted: Base, scale: float) -> None:
    """Apply the updates at this scale."""
    for model in (adapted.unet, adapted.text_encoder):
        for module in model.modules():
            if isinstance(module, LoraLayer):
                module.set_scale("default", scale)


def train_adapter(base: Base, examples: Examples, plan: Plan) -> list[Update]:
    """Train the plan's updates on its examples, on the CPU.

    Returns:
        One update for each adapted module.
    """
    adapted = adapted_copy(base, plan)
    ready = _prepare(base, examples, plan)
    generator = torch.Generator().manual_seed(plan.seed)
    parameters = _parameters(adapted, plan)
    silenced = replace(ready, latents=base.vae.to_latents(as_tensor(examples.quiet))) if plan.dose != 1.0 else ready
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate_share(step, plan.steps))
    for step, rows in enumerate(_batches(plan, generator)):
        loud = plan.dose != 1.0 and step % 2 == 0
        if plan.dose != 1.0:
            _set_dose(adapted, plan.dose if loud else 1.0)
        loss = _step_loss(base, adapted, ready if loud else silenced, rows, plan, generator)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
    return updates_of(adapted, plan)


@torch.no_grad()
def merged(base: Base, updates: list[Update], scale: float = 1.0) -> Base:
    """A copy of the base with scale · ΔW added to its weights: what a loaded adapter draws with."""
    text_encoder, unet = deepcopy(base.text_encoder), deepcopy(base.unet)
    for update in updates:
        model = unet if update.component == "unet" else text_encoder
        weight = model.get_submodule(update.module_path).weight
        rank = update.down.shape[0]
        weight += scale * update.alpha / rank * (update.up.float() @ update.down.float())
    return Base(tokenizer=base.tokenizer, text_encoder=text_encoder, unet=unet, vae=base.vae)
