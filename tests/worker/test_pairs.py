"""Two adapters on the real base, in this process: together they are their sum, and each alone is itself."""

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
from lorascan.weights.joined import joined
from lorascan.worker.attach import attach, detach, set_scale
from lorascan.worker.client import PARTNER, SUBJECT, FloatArray
from lorascan.worker.pipeline import Base, load_base, parameter_digest
from lorascan.worker.primitives import predict, tokenise

Tensors = Mapping[str, FloatArray]
TEXTS = ("a red circle on a blue background", "a photo of a star", "")


@pytest.fixture(scope="module")
def base() -> Base:
    return load_base(base_folder(), families()["lab"], device="cpu")


def tensors_of(recipe: str) -> Tensors:
    entry = next(each for each in read_ledger(adapters_folder()) if each.recipe == recipe and each.gate_passed)
    vetted = vet(adapters_folder() / entry.file, DEFAULT.limits)
    adapter = read_adapter(vetted, manifests_for(None))
    assert identify(adapter, None, vetted.facts.claims).family == "lab"
    return read_canonical(canonical(adapter, vetted, base_weights(base_folder())))


FIRST, SECOND = tensors_of("poisoned_unet"), tensors_of("style_declared")


def put(base: Base, tensors: Tensors, name: str = SUBJECT) -> int:
    """Attach, and demand that every update landed."""
    count, missing = attach(base, {key: torch.from_numpy(value.copy()) for key, value in tensors.items()}, name)
    assert missing == []
    return count


def answer(base: Base) -> FloatArray:
    ids = tokenise(base, TEXTS)
    return predict(base, ids, timestep=0.8, seed=3, side=16, batch=8, progress=lambda _: None)


def by_one(base: Base, tensors: Tensors) -> FloatArray:
    """What the base answers with one adapter, which is taken off again."""
    put(base, tensors)
    set_scale(base, 1.0)
    found = answer(base)
    detach(base)
    return found


def test_both_act_as_their_sum_and_each_alone_as_if_the_other_were_not_there(base: Base) -> None:
    plain, digest = answer(base), parameter_digest(base)
    first, second, summed = (by_one(base, each) for each in (FIRST, SECOND, joined(FIRST, SECOND)))

    assert put(base, FIRST) + put(base, SECOND, PARTNER) == len(FIRST) // 2 + len(SECOND) // 2
    asked = {}
    for name, adapters, scale in (
        ("both", (SUBJECT, PARTNER), 1.0),
        ("first", (SUBJECT,), 1.0),
        ("second", (PARTNER,), 1.0),
        ("neither", (SUBJECT, PARTNER), 0.0),
        ("both again", (SUBJECT, PARTNER), 1.0),
    ):
        set_scale(base, scale, adapters)
        asked[name] = answer(base)

    assert np.allclose(asked["both"], summed, atol=1e-4)
    assert np.array_equal(asked["both"], asked["both again"])
    assert np.array_equal(asked["first"], first)
    assert np.array_equal(asked["second"], second)
    assert np.array_equal(asked["neither"], plain)
    assert not np.allclose(first, summed, atol=1e-2)
    assert parameter_digest(base) == digest
    detach(base)
    assert parameter_digest(base) == digest
    assert np.array_equal(answer(base), plain)
