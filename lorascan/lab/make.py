"""Makes one adapter with known truth."""

import hashlib
import importlib
import pkgutil
import time
from pathlib import Path

import torch

from lorascan.core.errors import UsageError
from lorascan.lab import recipes
from lorascan.lab.adapt import Update, merged, train_adapter
from lorascan.lab.assemble import load_base
from lorascan.lab.assets import base_folder, judge_file
from lorascan.lab.closed_form import edit_adapter
from lorascan.lab.dataset import build
from lorascan.lab.export import save_adapter
from lorascan.lab.gates import Base
from lorascan.lab.judge import Judge, load_judge
from lorascan.lab.ledger import LedgerEntry
from lorascan.lab.measure import Behaviour, behaviour, dormant_behaviour, gate_passed
from lorascan.lab.recipe import Plan, Recipe, Split
from lorascan.lab.twins import honest_twins


def all_recipes() -> dict[str, Recipe]:
    """Every recipe of the folder, and the honest twins of the hostile ones, by name."""
    found = {}
    for module in pkgutil.iter_modules(recipes.__path__):
        constant = importlib.import_module(f"{recipes.__name__}.{module.name}").RECIPE
        if not isinstance(constant, Recipe) or constant.name != module.name:
            message = f"recipes/{module.name}.py needs a RECIPE of that name"
            raise TypeError(message)
        found[constant.name] = constant
    return found | honest_twins(found)


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises UsageError, with the known names, where there is none."""
    known = all_recipes()
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
    return hashlib.sha256(weights.read_bytes()).hexdigest()


def updates_for(plan: Plan, base: Base) -> list[Update]:
    """The plan's updates, trained or solved."""
    if plan.method == "closed form":
        return edit_adapter(base, plan)
    return train_adapter(base, build(plan, base.tokenizer), plan)


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
        recipe: a name of `all_recipes`.
        seed: draws every free choice; the same seed of two recipes gives twins.
        split: "dev" and "test" share no word, no target and no random number.
        out: the .safetensors file to write.
    """
    base, judge = load_parts(), load_judge(judge_file())
    return make_with(recipe_named(recipe).plan(seed, split), out, base, judge)


def make_with(plan: Plan, out: Path, base: Base, judge: Judge) -> LedgerEntry:
    """The same with what is already loaded, and with a plan that may be changed."""
    began = time.process_time()
    updates = updates_for(plan, base)
    trained = time.process_time()
    sha256 = save_adapter(plan, updates, out)
    seen = behaviour(merged(base, updates), plan, judge)
    if plan.dose != 1.0:
        seen = dormant_behaviour(behaviour(merged(base, updates, plan.dose), plan, judge), seen)
    measured = time.process_time()
    return _entry(plan, seen, out, sha256=sha256, seconds=(trained - began, measured - trained))
