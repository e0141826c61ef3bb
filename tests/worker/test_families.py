"""One family after another: a small base is loaded behind the lock, asked, drawn with, and left as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lorascan.bases import families, identify, manifests_for, resolve_base
from lorascan.core.behaviour import LoadFacts
from lorascan.dialects import read_adapter
from lorascan.intake import vet
from lorascan.lab.assets import clip_folder
from lorascan.settings import Settings, settings_of
from lorascan.weights.canonical import canonical
from lorascan.worker import open_workers
from lorascan.worker.bench import Bench
from tests.worker.small_bases import BASES, adapter_of, folder_of

TEXTS = ("a dog in the rain", "a house")


@contextmanager
def opened(path: Path, folder: Path, settings: Settings) -> Iterator[tuple[Bench, LoadFacts]]:
    vetted = vet(path, settings.limits)
    adapter = read_adapter(vetted, manifests_for(settings.base))
    facts = identify(adapter, settings.base, vetted.facts.claims)
    assert not facts.unknown_modules
    assert not adapter.leftovers
    base = resolve_base(str(folder), facts, clip_folder())
    with open_workers(base, canonical(adapter, vetted), settings) as (bench, _, loaded):
        yield bench, loaded


@pytest.mark.parametrize("name", list(BASES))
def test_a_base_of_the_family_is_loaded_asked_and_drawn_with(name: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    tmp_path.parent.chmod(0o755)
    family = families()[name.partition(" ")[0]]
    folder = folder_of(name, tmp_path / "base")
    path = adapter_of(name, folder, tmp_path / "adapter.safetensors")
    settings = settings_of(base=str(folder), scorer=clip_folder(), picture_edge=BASES[name].edge)

    with opened(path, folder, settings) as (bench, loaded):
        assert loaded.pipeline_class == family.pipeline_class
        assert loaded.applied == loaded.expected > 3
        assert loaded.base_digest_before == loaded.base_digest_loaded == loaded.base_digest_after
        assert loaded.scale_zero_identical

        ids = bench.reference.tokenise(TEXTS)
        side = min(bench.reference.shape.side, 16)
        base, adapted = bench.both(lambda worker: worker.predict(ids, timestep=0.8, seed=3, side=side))
        assert base.shape == adapted.shape == (2, bench.reference.shape.channels, side, side)
        assert np.abs(adapted - base).max() > 1e-4
        assert np.abs(base[0] - base[1]).max() > 1e-6
        again = bench.adapted.predict(ids, timestep=0.8, seed=3, side=side, scale=0.0)
        assert np.array_equal(again, base)

        before, after = bench.both(lambda worker: worker.render(TEXTS, [1, 2]))
        assert before.shape[1:3] == (bench.reference.shape.height, bench.reference.shape.width)
        assert not np.array_equal(before, after)

        if bench.reference.shape.text_width:
            places = np.array([[1, 2], [1, 2]], dtype=np.int32)
            plain, drifted = bench.both(lambda worker: worker.encode(ids, places))
            assert plain.shape == (2, 2, bench.reference.shape.text_width)
            touched = any(part.startswith("text_encoder") for part in BASES[name].targets)
            assert np.array_equal(plain, drifted) is not touched
