"""The shipped base is whole, loads and passed its gates."""

import json

import pytest

pytest.importorskip("diffusers")

from lorascan.lab.assemble import load_base
from lorascan.lab.assets import (
    adapters_folder,
    assets_folder,
    base_folder,
    clip_folder,
    digests,
    judge_file,
    read_sums,
)
from lorascan.lab.clip import load_open_clip
from lorascan.lab.judge import judge_accuracy, load_judge
from lorascan.lab.ledger import read_ledger
from lorascan.lab.tokenizer import CONTEXT
from lorascan.lab.world import PIXELS

LARGEST = 16_000_000
"""Bytes of base and scorer together."""


def test_every_shipped_file_has_its_listed_digest() -> None:
    """The list names every file of base, scorer and samples, and no other."""
    assert digests(assets_folder()) == read_sums(assets_folder())


def test_every_gate_holds() -> None:
    """The figures themselves are compared, not the file's own word for it."""
    gates = json.loads((assets_folder() / "gates.json").read_text(encoding="utf-8"))

    short = {
        f"{part}.{name}": least - gates["measured"][part][name]
        for part, limits in gates["limits"].items()
        for name, least in limits.items()
        if gates["measured"][part][name] < least
    }

    assert short == {}
    assert gates["misses"] == {}


def test_base_and_scorer_are_small_enough_to_ship() -> None:
    """16 MB in all."""
    files = [p for top in (base_folder(), clip_folder()) for p in top.rglob("*") if p.is_file()]

    assert sum(path.stat().st_size for path in files) <= LARGEST


def test_the_pipeline_loads_and_draws() -> None:
    """One picture of the right size, from the folder alone."""
    pipeline = load_base(base_folder())

    picture = pipeline("a red star on a blue background", num_inference_steps=2).images[0]

    assert picture.size == (PIXELS, PIXELS)


def test_open_clip_loads_the_scorer_with_its_tokenizer() -> None:
    """Model and tokenizer come from the one folder and agree on the context."""
    model, tokenize = load_open_clip(clip_folder())

    ids = tokenize(["a red star on a blue background"])

    assert ids.shape == (1, CONTEXT)
    assert model.encode_text(ids).shape[0] == 1


def test_the_shipped_judge_reads_renders() -> None:
    """At least 99 % of fresh renders, each attribute."""
    accuracy = judge_accuracy(load_judge(judge_file()), seed=31, pictures=500)

    assert min(accuracy.values()) >= 0.99


def test_the_shipped_adapters_are_those_of_their_ledger() -> None:
    """File for file, by digest, and every one passed its gate."""
    entries = read_ledger(adapters_folder())

    listed = {entry.file: entry.sha256 for entry in entries}
    files = digests(adapters_folder())
    assert listed == {name: value for name, value in files.items() if name != "ledger.jsonl"}
    assert all(entry.gate_passed for entry in entries)
    assert {entry.honest for entry in entries} == {True, False}
