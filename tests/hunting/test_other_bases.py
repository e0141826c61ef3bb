"""Bases whose text is not read token by token, or not by CLIP: what cannot be searched is said."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from lorascan.hunting import hunt
from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import cross_attention_response, denoiser_divergence, text_drift
from lorascan.hunting.vocabulary import read_vocabulary
from tests.hunting.fakes import FakeWorker, make_hunt

STREAM = {
    "transformer.blocks.0.attn.add_k_proj.lora_A.weight": np.eye(2, 12, dtype=np.float32),
    "transformer.blocks.0.attn.add_k_proj.lora_B.weight": np.ones((4, 2), dtype=np.float32),
}


def on_another_base(scope: Hunt, *, text_width: int) -> Hunt:
    """The same search where the base's text states have another width."""
    bench = scope.bench
    shape = replace(bench.reference.shape, text_width=text_width)
    other = replace(bench, reference=replace(bench.reference, shape=shape), adapted=replace(bench.adapted, shape=shape))
    return replace(scope, bench=other, tensors=STREAM)


def test_projections_of_another_width_than_the_text_states_are_no_ones_response(tmp_path: Path) -> None:
    scope = on_another_base(make_hunt(tmp_path, FakeWorker()), text_width=8)

    assert not cross_attention_response.METHOD.applies(scope)
    assert "do not read the text states" in cross_attention_response.METHOD.lacks(scope)
    assert not cross_attention_response.METHOD.runs(scope)


def test_projections_that_read_the_text_states_are_searched(tmp_path: Path) -> None:
    scope = on_another_base(make_hunt(tmp_path, FakeWorker()), text_width=12)

    assert cross_attention_response.METHOD.runs(scope)


def test_a_base_without_states_by_token_has_no_drift(tmp_path: Path) -> None:
    scope = on_another_base(make_hunt(tmp_path, FakeWorker()), text_width=0)

    assert "no states by token" in text_drift.METHOD.lacks(scope)
    assert denoiser_divergence.METHOD.runs(scope)


def test_what_a_base_does_not_allow_is_a_limit_of_the_report(tmp_path: Path) -> None:
    planted = FakeWorker(planted={"word42": np.ones(16, dtype=np.float32)})
    scope = on_another_base(make_hunt(tmp_path, planted), text_width=8)

    found = hunt(
        scope.bench,
        scope.adapter,
        tensors=scope.tensors,
        scenes=scope.scenes,
        declared=(),
        settings=scope.settings,
    )

    assert any(limit.startswith("cross-attention response: ") for limit in found.limits)
    assert not any("cross-attention" in space for space in found.spaces)


def test_a_vocabulary_that_marks_the_start_of_words_is_read_as_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "tokenizer").mkdir()
    table = {"dog": 0, "Ġdog": 1, "Ġ": 2, "<|endoftext|>": 3}
    (tmp_path / "tokenizer" / "vocab.json").write_text(json.dumps(table), encoding="utf-8")

    vocabulary = read_vocabulary(tmp_path)

    assert vocabulary.texts == ("dog", "dog", "")
    assert vocabulary.whole.tolist() == [False, True, True]


def test_the_vocabulary_of_two_stages_is_that_of_the_first(tmp_path: Path) -> None:
    for name, word in (("tokenizer", "second"), ("prior_tokenizer", "first")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vocab.json").write_text(json.dumps({f"{word}</w>": 0}), encoding="utf-8")

    assert read_vocabulary(tmp_path).texts == ("first",)
