"""What acts of all that is attached, on the real base in this process: alone it is as if the rest were not there."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from lorascan.bases import base_weights, families, identify, manifests_for
from lorascan.dialects import read_adapter
from lorascan.intake import vet
from lorascan.lab.assets import adapters_folder, base_folder
from lorascan.lab.ledger import read_ledger
from lorascan.settings import DEFAULT
from lorascan.weights.canonical import canonical, read_canonical
from lorascan.weights.matched import matched_random
from lorascan.worker.attach import attach, detach, set_scale
from lorascan.worker.client import RANDOM, SUBJECT, FloatArray
from lorascan.worker.pipeline import Base, load_base
from lorascan.worker.primitives import predict, tokenise


@pytest.fixture(scope="module")
def base() -> Base:
    return load_base(base_folder(), families()["lab"], device="cpu")


@pytest.fixture(scope="module")
def tensors() -> Mapping[str, FloatArray]:
    """Of an adapter of both parts."""
    entry = next(each for each in read_ledger(adapters_folder()) if len(each.components) == 2)
    vetted = vet(adapters_folder() / entry.file, DEFAULT.limits)
    adapter = read_adapter(vetted, manifests_for(None))
    identify(adapter, None, vetted.facts.claims)
    return read_canonical(canonical(adapter, vetted, base_weights(base_folder())))


def answer(base: Base) -> FloatArray:
    ids = tokenise(base, ("a red circle on a blue background", "taylor"))
    return predict(base, ids, timestep=0.8, seed=3, side=8, batch=8, progress=lambda _: None)


def put(base: Base, tensors: Mapping[str, FloatArray]) -> None:
    _, missing = attach(base, {key: torch.from_numpy(value.copy()) for key, value in tensors.items()})
    assert missing == []
    set_scale(base, 1.0)


def test_a_part_alone_acts_as_if_the_others_were_not_attached_and_all_act_again_after(
    base: Base, tensors: Mapping[str, FloatArray]
) -> None:
    plain = answer(base)
    put(base, tensors)
    whole = answer(base)
    alone = {}
    for part in ("unet", "text_encoder"):
        set_scale(base, 1.0, (SUBJECT,), (part,))
        alone[part] = answer(base)
    set_scale(base, 1.0)
    assert np.array_equal(answer(base), whole)
    detach(base)

    for part, seen in alone.items():
        put(base, {name: each for name, each in tensors.items() if name.partition(".")[0] == part})
        assert np.array_equal(answer(base), seen)
        detach(base)
        assert not np.array_equal(seen, plain)
        assert not np.array_equal(seen, whole)


def test_a_random_update_acts_only_where_it_is_asked_alone(base: Base, tensors: Mapping[str, FloatArray]) -> None:
    put(base, tensors)
    whole = answer(base)
    chance = read_canonical(matched_random(tensors, seed=0))
    _, missing = attach(base, {key: torch.from_numpy(value.copy()) for key, value in chance.items()}, RANDOM)
    set_scale(base, 1.0)
    beside = answer(base)
    set_scale(base, 1.0, (RANDOM,))
    alone = answer(base)
    detach(base)
    put(base, chance)
    expected = answer(base)
    detach(base)

    assert missing == []
    assert np.array_equal(beside, whole)
    assert np.array_equal(alone, expected)
    assert not np.array_equal(alone, whole)
