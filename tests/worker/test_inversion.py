"""Climbing embeddings: in this process on the real base, and under the real lock."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

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
from lorascan.worker.attach import attach, detach, set_scale
from lorascan.worker.client import FloatArray
from lorascan.worker.inversion import Climb, invert
from lorascan.worker.pipeline import Base, load_base, parameter_digest
from lorascan.worker.primitives import predict, tokenise

SIDE = 8
SEEDS = [300, 1200, 2000, 3800]


@pytest.fixture(scope="module")
def base() -> Iterator[Base]:
    """With one thread, as a worker has it: small networks' gradients wait for each other on two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_base(base_folder(), families()["lab"], device="cpu")
    torch.set_num_threads(before)


def climb_of(base: Base, seeds: list[int], steps: int) -> Climb:
    """In a plain prompt, with nothing explained."""
    plain = tokenise(base, ["a red circle on a blue background"])[0]
    slot = 2
    rows = np.array([[*plain[:slot], seed, *plain[slot:-1]] for seed in seeds], dtype=np.int32)
    cells = SIDE * SIDE * base.pipeline.unet.config.out_channels
    return Climb(
        ids=rows,
        plain=plain,
        slot=slot,
        timesteps=(0.8,),
        common=np.zeros((1, cells), np.float32),
        explained=np.zeros((1, 1, cells), np.float32),
        floors=np.ones(1, np.float32),
        seed=5,
        side=SIDE,
        steps=steps,
        batch=2,
    )


def backdoor() -> Mapping[str, FloatArray]:
    """The shipped adapter of the denoiser that "harry" wakes."""
    entry = next(each for each in read_ledger(adapters_folder()) if each.trigger == "harry")
    vetted = vet(adapters_folder() / entry.file, DEFAULT.limits)
    adapter = read_adapter(vetted, manifests_for(None))
    identify(adapter, None, vetted.facts.claims)
    return read_canonical(canonical(adapter, vetted, base_weights(base_folder())))


def test_a_seed_comes_to_the_trigger_and_nothing_is_left_behind(base: Base) -> None:
    token = int(tokenise(base, ["harry"])[0, 1])
    digest, climb = parameter_digest(base), climb_of(base, SEEDS, 12)
    _, missing = attach(base, {name: torch.from_numpy(value.copy()) for name, value in backdoor().items()})
    assert missing == []

    def answer(scale: float) -> FloatArray:
        set_scale(base, scale)
        found = predict(base, climb.ids, timestep=0.8, seed=5, side=SIDE, batch=4, progress=lambda _: None)
        return found.reshape(len(found), -1)

    plain, before = answer(0.0), answer(1.0)
    common = (before - plain).mean(axis=0, keepdims=True)
    climb = replace(climb, common=common, explained=(common / np.linalg.norm(common))[None])
    heard: list[float] = []

    near = invert(base, climb, 16, lambda scale: set_scale(base, scale), heard.append)

    assert near.shape == (len(SEEDS), 16)
    assert any(token in row for row in near)
    assert token not in climb.ids
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert parameter_digest(base) == digest
    assert np.array_equal(
        before, predict(base, climb.ids, timestep=0.8, seed=5, side=SIDE, batch=4, progress=lambda _: None).reshape(before.shape)
    )
    detach(base)


def test_without_a_step_every_seed_ends_where_it_began(base: Base) -> None:
    near = invert(base, climb_of(base, [300, 1500], 0), 3, lambda _: None, lambda _: None)

    assert near[:, 0].tolist() == [300, 1500]
