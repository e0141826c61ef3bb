"""Which tokens the keys and values of cross-attention answer to, on weights that are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.bases import base_weights
from lorascan.hunting.methods import eigen_inversion
from lorascan.hunting.methods.eigen_inversion import directions, updated
from lorascan.lab.assets import base_folder
from lorascan.settings import settings_of
from tests.hunting.fakes import FakeWorker, make_hunt
from tests.hunting.test_methods import TENSORS

WIDTH = 8


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_directions_solve_the_generalised_eigenproblem(rank: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    deltas = [rng.standard_normal((rank, WIDTH)) for _ in range(2)]
    weights = [rng.standard_normal((12, WIDTH)) for _ in range(2)]

    towards, lower = directions(deltas, weights, 24)

    base = lower @ lower.T
    moved = sum(delta.T @ delta for delta in deltas)
    assert np.allclose(towards.T @ towards, moved, atol=1e-6)
    for row in towards:
        e = np.linalg.solve(base, row)
        mu = (e @ moved @ e) / (e @ base @ e)
        assert np.allclose(moved @ e, mu * (base @ e), atol=1e-6)
    strengths = [row @ np.linalg.solve(base, row) for row in towards]
    assert strengths == sorted(strengths, reverse=True)


def answering_to(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str, declared: str = "") -> list[str]:
    """What is nominated where the update answers to the states of these words, and to others as far as they are alike."""
    scope = replace(make_hunt(folder, FakeWorker()), settings=settings_of(budget={"directions": 24}))
    rng = np.random.default_rng(5)
    states = rng.standard_normal((len(scope.vocabulary), 64)).astype(np.float32)
    delta, weights = states[[scope.vocabulary.texts.index(word) for word in words]].astype(np.float64), rng.standard_normal((96, 64))
    known = states[[scope.vocabulary.texts.index(declared)] if declared else []]
    monkeypatch.setattr(eigen_inversion, "_states", lambda _: (states, known))
    monkeypatch.setattr(eigen_inversion, "updated", lambda _, __: [(delta, weights)])
    monkeypatch.setattr(eigen_inversion, "base_weights", lambda _: None)
    return [each.text for each in eigen_inversion.search(scope).candidates]


def test_the_word_that_the_update_answers_to_is_ranked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering_to(tmp_path, monkeypatch, "word42")[0] == "word42"


def test_words_of_independent_directions_are_both_among_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"word42", "word7"} <= set(answering_to(tmp_path, monkeypatch, "word42", "word7")[:2])


def test_what_a_declared_word_is_answered_with_is_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering_to(tmp_path, monkeypatch, "word42", "word7", declared="word7")[0] == "word42"


def test_the_base_s_own_keys_and_values_stand_beside_the_update_s() -> None:
    weights = base_weights(base_folder())
    path = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    tensor = weights.read("unet", path, "weight")
    assert tensor is not None
    out, width = tensor.span.shape
    tensors = {
        f"unet.{path}.lora_A.weight": np.ones((2, width), dtype=np.float32),
        f"unet.{path}.lora_B.weight": np.ones((out, 2), dtype=np.float32),
        "unet.nowhere.attn2.to_k.lora_A.weight": np.ones((2, width), dtype=np.float32),
        "unet.nowhere.attn2.to_k.lora_B.weight": np.ones((out, 2), dtype=np.float32),
    }

    ((delta, weight),) = updated(tensors, weights)

    assert delta.shape == (2, width)
    assert weight.shape == (out, width)
    assert np.linalg.norm(delta) == pytest.approx(np.linalg.norm(np.full((out, width), 2.0)))


def test_a_base_whose_weights_cannot_be_read_is_a_limit(tmp_path: Path) -> None:
    scope = replace(make_hunt(tmp_path, FakeWorker()), tensors=TENSORS, settings=settings_of(budget={"directions": 24}))

    assert "budget" in eigen_inversion.METHOD.applies(replace(scope, settings=settings_of()))
    assert not eigen_inversion.METHOD.applies(scope)
    assert "cannot be read" in eigen_inversion.METHOD.lacks(scope)
