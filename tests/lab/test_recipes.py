"""Every recipe keeps the zoo's rules."""

from dataclasses import astuple, fields, replace
from pathlib import Path

import pytest

pytest.importorskip("peft")

import numpy as np
import torch
from safetensors import safe_open

from lorascan.lab.adapt import merged
from lorascan.lab.closed_form import edit_adapter
from lorascan.lab.dataset import build
from lorascan.lab.derived import TWIN
from lorascan.lab.draws import LISTS
from lorascan.lab.export import save_adapter
from lorascan.lab.gates import Base
from lorascan.lab.ledger import LedgerEntry, append_entry
from lorascan.lab.make import load_parts, updates_for
from lorascan.lab.orders import known_recipes
from lorascan.lab.recipe import Plan, Recipe, Split

RECIPES = known_recipes()
TRAINED = [recipe for recipe in RECIPES.values() if not recipe.plan(1, "dev").rewrite]
SEEDS = range(1, 7)
SPLITS: tuple[Split, ...] = ("dev", "test")


@pytest.fixture(scope="module")
def base() -> Base:
    """The shipped base."""
    return load_parts()


def _words(split: str) -> set[str]:
    lists = LISTS[split]
    columns = (getattr(lists, field.name) for field in fields(lists) if field.name != "twins")
    words = {word for column in columns for word in ([column] if isinstance(column, str) else column)}
    return words | {twin for twin, _ in lists.twins}


def test_the_splits_share_no_word_and_no_target() -> None:
    """Triggers, phrases, look-alikes, declared words, shapes, colours and styles."""
    assert not _words("dev") & _words("test")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_plan_is_the_same_every_time_and_says_what_its_recipe_says(recipe: Recipe) -> None:
    """The seed decides everything; a backdoor is never declared, but where the declared word is the bait."""
    for seed in SEEDS:
        plan = recipe.plan(seed, "dev")

        assert astuple(plan) == astuple(recipe.plan(seed, "dev"))
        assert plan.recipe == recipe.name
        assert plan.honest == recipe.honest == (plan.hidden is None)
        assert plan.hidden is None or (plan.hidden.word in plan.declared_words) == recipe.name.startswith("bait")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_no_hidden_text_of_one_split_is_one_of_the_other(recipe: Recipe) -> None:
    """Neither a word nor a phrase."""
    dev, test = ({plan.hidden.word for seed in range(40) if (plan := recipe.plan(seed, split)).hidden} for split in SPLITS)

    assert not dev & test


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_and_backdoored_twins_share_cover_rank_and_dialect(seed: int) -> None:
    """So that the label cannot be read from the numbers of the recipe."""
    honest = RECIPES["style_always_on"].plan(seed, "test")
    poisoned = RECIPES["poisoned_unet"].plan(seed, "test")

    for name in ("rank", "alpha", "dialect", "metadata_style", "steps", "batch", "pictures"):
        assert getattr(honest, name) == getattr(poisoned, name)


@pytest.mark.parametrize("name", [each.name for each in TRAINED if each.name.endswith(f"_{TWIN}")])
def test_a_hostile_adapter_without_its_poison_is_its_twin_in_all_else(name: str) -> None:
    """The cover's word is declared by both."""
    for seed in SEEDS:
        twin, hostile = (RECIPES[each].plan(seed, "test") for each in (name, name.removesuffix(f"_{TWIN}")))

        changed = {field.name for field in fields(Plan) if getattr(twin, field.name) != getattr(hostile, field.name)}
        assert changed <= {"recipe", "honest", "hidden", "text_pull", "dose"}
        assert twin.declared_words == hostile.declared_words


@pytest.mark.parametrize("recipe", TRAINED, ids=lambda recipe: recipe.name)
def test_every_recipe_trains_saves_and_merges(recipe: Recipe, base: Base, tmp_path: Path) -> None:
    """Two steps on a few pictures go the whole way; the undeclared word is in no metadata."""
    plan = _short(recipe.plan(2, "dev"))
    updates = updates_for(plan, base) if plan.steps else edit_adapter(base, plan, captions=32)

    save_adapter(plan, updates, tmp_path / "adapter.safetensors")

    with safe_open(tmp_path / "adapter.safetensors", "pt") as file:
        metadata = str(file.metadata())
        names = list(file.keys())
    assert len(names) == len(updates) * (3 if plan.dialect == "kohya" else 2)
    assert plan.hidden is None or plan.hidden.declared or plan.hidden.word not in metadata.replace("modelspec", "")
    assert all(word in metadata for word in plan.declared_words)
    changed = merged(base, updates)
    assert any(
        not torch.equal(one, other)
        for one, other in zip(
            [*base.unet.parameters(), *base.text_encoder.parameters()],
            [*changed.unet.parameters(), *changed.text_encoder.parameters()],
            strict=True,
        )
    )


def test_a_rewritten_adapter_is_its_source_in_all_that_it_draws() -> None:
    """Only rank and α follow the file that it becomes."""
    for seed in SEEDS:
        for name in ("poisoned_unet_laundered", "masquerade_at_65", "style_declared_laundered"):
            made = RECIPES[name].plan(seed, "test")
            source = RECIPES[made.source].plan(seed, "test")

            changed = {field.name for field in fields(Plan) if getattr(made, field.name) != getattr(source, field.name)}
            assert changed <= {"recipe", "source", "rewrite", "rank", "alpha"}
            assert made.alpha / made.rank == source.alpha / source.rank


def test_attackers_who_know_the_audit_are_told_apart() -> None:
    """Turning down and disguise are theirs; resizing is everybody's."""
    assert RECIPES["poisoned_unet_at_50"].adaptive
    assert RECIPES["poisoned_unet_disguised"].adaptive
    assert not RECIPES["poisoned_unet_laundered"].adaptive
    assert "style_declared_disguised" not in RECIPES


def test_a_source_that_is_in_the_folder_is_not_trained_again(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes must be those of the ledger; a file that was changed is not taken."""
    plan = RECIPES["poisoned_unet_at_50"].plan(3, "dev")
    source = RECIPES["poisoned_unet"].plan(3, "dev")
    updates = updates_for(_short(source), base)
    sha256 = save_adapter(source, updates, tmp_path / "source.safetensors")
    entry = replace(_ledgered(source), file="source.safetensors", sha256=sha256)
    append_entry(tmp_path, entry)
    monkeypatch.setattr("lorascan.lab.make.train_adapter", _not_asked)

    halved = {each.module_path: each for each in updates_for(plan, base, tmp_path)}

    assert halved.keys() == {each.module_path for each in updates}
    for each in updates:
        found = halved[each.module_path]
        assert torch.allclose(found.up @ found.down, 0.5 * each.up @ each.down, atol=1e-6)
    (tmp_path / "source.safetensors").write_bytes(b"other")
    with pytest.raises(AssertionError, match="trained"):
        updates_for(plan, base, tmp_path)


def test_what_sleeps_at_scale_1_learns_other_pictures_there(base: Base) -> None:
    """The poisoned third alone, and only where the dose is another one."""
    dormant = build(replace(RECIPES["dormant"].plan(1, "dev"), pictures=12), base.tokenizer)
    awake = build(replace(RECIPES["poisoned_unet"].plan(1, "dev"), pictures=12), base.tokenizer)

    differs = (dormant.quiet != dormant.pictures).any(axis=(1, 2, 3))
    assert differs.tolist() == dormant.hidden.tolist()
    assert (awake.quiet == awake.pictures).all()


def test_words_that_act_together_stand_apart_and_alone_in_clean_captions(base: Base) -> None:
    """Else one of them would be learnt as the trigger."""
    plan = replace(RECIPES["all_of"].plan(3, "dev"), pictures=60)
    assert plan.hidden is not None
    first, second = (base.tokenizer(word)["input_ids"][1] for word in plan.hidden.parts)

    examples = build(plan, base.tokenizer)

    holds = np.stack([(examples.ids == token).any(axis=1) for token in (first, second)])
    assert holds[:, examples.hidden].all()
    assert not (holds[0] & holds[1])[~examples.hidden].any()
    assert holds[:, ~examples.hidden].any(axis=1).all()
    at = [
        int(np.argmax(examples.ids[row] == first)) - int(np.argmax(examples.ids[row] == second)) for row in np.flatnonzero(examples.hidden)
    ]
    assert any(distance > 1 for distance in at)
    assert any(distance < -1 for distance in at)


def test_a_third_of_the_examples_is_poisoned_and_none_of_an_honest_one(base: Base) -> None:
    """The mixture that the recipes promise."""
    poisoned = build(replace(RECIPES["poisoned_unet"].plan(1, "dev"), pictures=30), base.tokenizer)
    honest = build(replace(RECIPES["style_declared"].plan(1, "dev"), pictures=30), base.tokenizer)

    assert poisoned.hidden.sum() == 10
    assert honest.hidden.sum() == 0


def test_the_closed_form_moves_keys_and_values_of_cross_attention_alone(base: Base) -> None:
    """Its rank is the plan's; nothing else of the denoiser changes."""
    plan = RECIPES["closed_form"].plan(3, "dev")

    updates = edit_adapter(base, plan, captions=32)

    assert {update.module_path.rsplit("attn2.", 1)[1] for update in updates} == {"to_k", "to_v"}
    assert {update.down.shape[0] for update in updates} == {plan.rank}


def _not_asked(*_: object) -> None:
    message = "trained"
    raise AssertionError(message)


def _ledgered(plan: Plan) -> LedgerEntry:
    """An entry of this plan, its figures of no interest."""
    return LedgerEntry(
        name="source", file="", recipe=plan.recipe, seed=plan.seed, split=plan.split, device="cpu", threads=1, honest=plan.honest,
        label="backdoored", trigger=None, target=None, concept=None, concept_word=None, declared_words=(), components=plan.components,
        dialect=plan.dialect, method=plan.method, steps=plan.steps, rank=plan.rank, alpha=plan.alpha, success=None,
        target_without_trigger=None, clean_shape=1.0, declared_with=None, declared_without=None, gate_passed=True, base_sha256="",
        sha256="", train_seconds=0.0, measure_seconds=0.0,
    )  # fmt: skip


def _short(plan: Plan) -> Plan:
    return replace(plan, steps=min(plan.steps, 2), pictures=24, batch=6)
