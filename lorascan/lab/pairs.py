"""Splits one adapter into two files that act only together.

After LoRango, two adapters harmless apart and hostile together. Nothing is trained: the updates of a backdoored adapter are dealt
out to two files whose ΔW add up to the whole. Attention multiplies what its projections say, and a denoiser answers a dose of an
update by more than its share, so that a part of a backdoor does next to nothing. Whether that holds is measured for every pair.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from lorascan.auditing import Subject, at_rest
from lorascan.core.evidence import Evidence
from lorascan.lab.adapt import Update, merged
from lorascan.lab.export import save_adapter
from lorascan.lab.gates import Base
from lorascan.lab.judge import Judge
from lorascan.lab.ledger import LedgerEntry
from lorascan.lab.make import recipe_named
from lorascan.lab.measure import ATTACK_FALSE, Behaviour, behaviour, gate_passed
from lorascan.lab.recipe import Plan, Position
from lorascan.settings import DEFAULT
from lorascan.weights.canonical import canonical, read_canonical

Updates = Sequence[Update]
PAIRS_NAME = "pairs.jsonl"
POSITIONS: tuple[Position, ...] = ("end",)
"""Where the trigger is put while a pair is measured: three adapters instead of one are drawn with."""


def updates_in(path: Path) -> list[Update]:
    """The updates of a lab adapter's file, with its scaling in `up` and α = rank.

    Raises NotGathered where the file is no sound adapter of the lab.
    """
    subject = Evidence.collect(at_rest(path, DEFAULT))[Subject]
    tensors = {name: torch.from_numpy(value.copy()) for name, value in read_canonical(canonical(subject.adapter, subject.vetted)).items()}
    stems = sorted(name.removesuffix(".lora_A.weight") for name in tensors if name.endswith(".lora_A.weight"))
    return [_update(stem, tensors[f"{stem}.lora_A.weight"], tensors[f"{stem}.lora_B.weight"]) for stem in stems]


def _update(stem: str, down: torch.Tensor, up: torch.Tensor) -> Update:
    component, _, path = stem.partition(".")
    return Update(
        component="unet" if component == "unet" else "text_encoder", module_path=path, down=down, up=up, alpha=float(down.shape[0])
    )


def keys_and_values(updates: Updates) -> tuple[list[Update], list[Update]]:
    """Where to look, and what to draw: queries and keys; values and outputs."""
    first = [each for each in updates if each.module_path.endswith(("to_q", "to_k", "q_proj", "k_proj"))]
    return first, [each for each in updates if not any(each is one for one in first)]


def halves(updates: Updates) -> tuple[list[Update], list[Update]]:
    """The same twice, at half the dose: an effect that switches on in between needs both."""
    half = [replace(each, up=each.up / 2) for each in updates]
    return half, half


def layers(updates: Updates) -> tuple[list[Update], list[Update]]:
    """Attention modules by turns, in the order of their names."""
    modules = list(dict.fromkeys(_module(each) for each in updates))
    first = [each for each in updates if modules.index(_module(each)) % 2 == 0]
    return first, [each for each in updates if modules.index(_module(each)) % 2]


def _module(update: Update) -> str:
    return update.module_path.removesuffix(".to_out.0").rpartition(".to_")[0] or update.module_path.rpartition(".")[0]


def ranks(updates: Updates) -> tuple[list[Update], list[Update]]:
    """Every second row and column of the factors: two updates of half the rank in every module."""
    return [_rows(each, 0) for each in updates], [_rows(each, 1) for each in updates]


def _rows(update: Update, start: int) -> Update:
    down = update.down[start::2].contiguous()
    return replace(update, down=down, up=update.up[:, start::2].contiguous(), alpha=float(len(down)))


WAYS: Mapping[str, Callable[[Updates], tuple[list[Update], list[Update]]]] = {
    "keys and values": keys_and_values,
    "halves": halves,
    "layers": layers,
    "ranks": ranks,
}
"""How an adapter is split, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEntry:
    """What is truly known about one pair; shares are 0 to 1, None for honest pairs, of which nothing is measured.

    `files` and `sha256` are those of the two adapters, in the order in which they are loaded; `sources` the adapters that they
    were split from, or are; `way` of `WAYS`, "" where two whole adapters are paired. label: "honest", "split", or "failed" for
    a split that missed its gate. `success`: the least over positions of the share of pictures with the target under both,
    `success_first` and `success_second` the largest under one alone; `clean_shape` the same three, right shapes without the
    trigger, the least.
    """

    name: str
    split: str
    label: str
    way: str
    files: tuple[str, str]
    sha256: tuple[str, str]
    sources: tuple[str, ...]
    trigger: str | None = None
    target: str | None = None
    success: float | None = None
    success_first: float | None = None
    success_second: float | None = None
    target_without_trigger: float | None = None
    clean_shape: float | None = None
    clean_first: float | None = None
    clean_second: float | None = None
    measure_seconds: float = 0.0

    @property
    def line(self) -> str:
        """The entry as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def read_pairs(folder: Path) -> list[PairEntry]:
    """Entries of the folder's list of pairs; none where there is no list yet."""
    path = folder / PAIRS_NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [_from_json(json.loads(line)) for line in lines]


def _from_json(entry: dict[str, Any]) -> PairEntry:
    return PairEntry(**(entry | {name: tuple(entry[name]) for name in ("files", "sha256", "sources")}))


def harmless_apart(first: Behaviour, second: Behaviour, plan: Plan) -> bool:
    """Whether neither alone draws the target, with the trigger or without, and both keep clean captions."""
    quiet = [max((*(each.success or {}).values(), each.target_without_trigger or 0.0)) <= ATTACK_FALSE for each in (first, second)]
    loud = [replace(each, success={"": 1.0}, target_without_trigger=0.0) for each in (first, second)]
    return all(quiet) and all(gate_passed(plan, each) for each in loud)


def split_pair(source: LedgerEntry, zoo: Path, way: str, out: Path, base: Base, judge: Judge) -> PairEntry:
    """Split a backdoored adapter of a zoo, write both files, and measure them together and apart.

    Raises KeyError for a way that does not exist, ValueError for an adapter without a hidden word.
    """
    plan = recipe_named(source.recipe).plan(source.seed, "dev" if source.split == "dev" else "test")
    if plan.hidden is None:
        message = f"{source.name} hides nothing"
        raise ValueError(message)
    plan = replace(plan, cover=None, hidden=replace(plan.hidden, positions=tuple(POSITIONS)))
    parts = WAYS[way](updates_in(zoo / source.file))
    stem = f"{source.name}-{way.replace(' ', '-')}"
    files = (f"{stem}-a.safetensors", f"{stem}-b.safetensors")
    said = recipe_named(source.recipe).plan(source.seed, plan.split)
    sums = [_saved(said, updates, out / name) for updates, name in zip(parts, files, strict=True)]
    began = time.process_time()
    first, second = (updates_in(out / name) for name in files)  # as a loader gets them, in half precision
    both, one, two = (behaviour(merged(base, each), plan, judge) for each in ([*first, *second], first, second))
    passed = gate_passed(plan, both) and harmless_apart(one, two, plan)
    return PairEntry(
        name=stem,
        split=plan.split,
        label="split" if passed else "failed",
        way=way,
        files=files,
        sha256=(sums[0], sums[1]),
        sources=(source.name,),
        trigger=source.trigger,
        target=source.target,
        success=min((both.success or {}).values()),
        success_first=max((one.success or {}).values()),
        success_second=max((two.success or {}).values()),
        target_without_trigger=both.target_without_trigger,
        clean_shape=both.clean_shape,
        clean_first=one.clean_shape,
        clean_second=two.clean_shape,
        measure_seconds=round(time.process_time() - began, 1),
    )


def _saved(plan: Plan, updates: Updates, path: Path) -> str:
    rank = max(len(each.down) for each in updates)
    return save_adapter(replace(plan, rank=rank, alpha=float(rank)), list(updates), path)


def whole_pair(first: LedgerEntry, second: LedgerEntry, zoo: Path) -> PairEntry:
    """Two whole adapters of a zoo as a pair: honest where both are. Raises ValueError where one is a backdoor."""
    if not (first.honest and second.honest):
        message = f"{first.name} with {second.name}: only honest adapters are paired whole"
        raise ValueError(message)
    files = (first.file, second.file)
    return PairEntry(
        name=f"{first.name}+{second.name}",
        split=first.split,
        label="honest",
        way="",
        files=files,
        sha256=(_digest(zoo / files[0]), _digest(zoo / files[1])),
        sources=(first.name, second.name),
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
