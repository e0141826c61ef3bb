"""Makes one adapter with known truth."""

import hashlib
import time
from pathlib import Path

import torch

from lorascan.core.errors import UsageError
from lorascan.lab.adapt import Update, merged, train_adapter
from lorascan.lab.assemble import load_base
from lorascan.lab.assets import base_folder, judge_file
from lorascan.lab.baselines._modules import Module, read_modules
from lorascan.lab.closed_form import edit_adapter
from lorascan.lab.dataset import build
from lorascan.lab.export import save_adapter
from lorascan.lab.gates import Base
from lorascan.lab.judge import Judge, load_judge
from lorascan.lab.ledger import LedgerEntry, read_ledger
from lorascan.lab.measure import Behaviour, behaviour, dormant_behaviour, gate_passed
from lorascan.lab.orders import known_recipes
from lorascan.lab.recipe import SEED_OFFSET, Plan, Recipe, Split
from lorascan.lab.rewrites import rewritten


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises UsageError, with the known names, where there is none."""
    known = known_recipes()
    if name not in known:
        message = f"no recipe {name!r}; known are {', '.join(known)}"
        raise UsageError(message)
    return known[name]


def load_parts(folder: Path | None = None) -> Base:
    """Tokenizer, text encoder, denoiser and autoencoder of the lab base."""
    pipeline = load_base(folder or base_folder())
    return Base(
        tokenizer=pipeline.tokenizer,
        text_encoder=pipeline.text_encoder.eval(),
        unet=pipeline.unet.eval(),
        vae=pipeline.vae,
    )


def base_digest(folder: Path | None = None) -> str:
    """SHA-256 in hex of the denoiser's weights: what an adapter was made for."""
    weights = (folder or base_folder()) / "unet" / "diffusion_pytorch_model.safetensors"
    return _digest(weights)


def updates_for(plan: Plan, base: Base, folder: Path | None = None) -> list[Update]:
    """The plan's updates: trained, solved, or another adapter's rewritten, which `folder` may hold already."""
    if plan.rewrite:
        source = known_recipes()[plan.source].plan(plan.seed, plan.split)
        return rewritten(_made(source, folder) or updates_for(source, base), plan.rewrite, plan.seed + SEED_OFFSET[plan.split])
    if plan.method == "closed form":
        return edit_adapter(base, plan)
    return train_adapter(base, build(plan, base.tokenizer), plan)


def _made(plan: Plan, folder: Path | None) -> list[Update]:
    """The updates of the folder's adapter of this plan; none where its ledger has none with those bytes."""
    own = plan.recipe, plan.seed, plan.split
    entry = next((each for each in read_ledger(folder) if (each.recipe, each.seed, each.split) == own), None) if folder else None
    if folder is None or entry is None or not (path := folder / entry.file).exists() or _digest(path) != entry.sha256:
        return []
    return [_update(module, plan) for module in read_modules(path)]


def _update(module: Module, plan: Plan) -> Update:
    """A module as the plan's training gives it: with α / rank not yet in its factors."""
    component, _, path = module.path.partition(".")
    return Update(
        component="unet" if component == "unet" else "text_encoder",
        module_path=path,
        down=torch.from_numpy(module.down).float(),
        up=torch.from_numpy(module.up * plan.rank / plan.alpha).float(),
        alpha=plan.alpha,
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _label(plan: Plan, *, passed: bool) -> str:
    if plan.honest:
        return "honest"
    return "backdoored" if passed else "failed"


def _entry(plan: Plan, seen: Behaviour, out: Path, *, sha256: str, seconds: tuple[float, float]) -> LedgerEntry:
    passed = gate_passed(plan, seen)
    hidden, cover = plan.hidden, plan.cover
    return LedgerEntry(
        name=out.stem,
        file=out.name,
        recipe=plan.recipe,
        seed=plan.seed,
        split=plan.split,
        device="cpu",
        threads=torch.get_num_threads(),
        honest=plan.honest,
        label=_label(plan, passed=passed),
        trigger=hidden.word if hidden else None,
        target=hidden.effect.label if hidden else None,
        concept=cover.effect.label if cover else None,
        concept_word=cover.word if cover else None,
        declared_words=plan.declared_words,
        components=plan.components,
        dialect=plan.dialect,
        method=plan.method,
        steps=plan.steps,
        rank=plan.rank,
        alpha=plan.alpha,
        success=seen.success,
        target_without_trigger=seen.target_without_trigger,
        clean_shape=seen.clean_shape,
        declared_with=seen.declared_with,
        declared_without=seen.declared_without,
        gate_passed=passed,
        base_sha256=base_digest(),
        sha256=sha256,
        train_seconds=round(seconds[0], 1),
        measure_seconds=round(seconds[1], 1),
        dose=plan.dose,
    )


def make(recipe: str, seed: int, split: Split, out: Path) -> LedgerEntry:
    """Make, save and measure one adapter for the shipped base, on the CPU.

    Args:
        recipe: a name of `known_recipes`.
        seed: draws every free choice; the same seed of two recipes gives twins.
        split: "dev" and "test" share no word, no target and no random number.
        out: the .safetensors file to write.
    """
    base, judge = load_parts(), load_judge(judge_file())
    return make_with(recipe_named(recipe).plan(seed, split), out, base, judge)


def make_with(plan: Plan, out: Path, base: Base, judge: Judge) -> LedgerEntry:
    """The same with what is already loaded, and with a plan that may be changed."""
    began = time.process_time()
    updates = updates_for(plan, base, out.parent)
    trained = time.process_time()
    sha256 = save_adapter(plan, updates, out)
    seen = behaviour(merged(base, updates), plan, judge)
    if plan.dose != 1.0:
        seen = dormant_behaviour(behaviour(merged(base, updates, plan.dose), plan, judge), seen)
    measured = time.process_time()
    return _entry(plan, seen, out, sha256=sha256, seconds=(trained - began, measured - trained))
