"""Workers whose every number is known, in place of the locked ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save

from lorascan import worker
from lorascan.core.behaviour import LoadFacts
from lorascan.worker.bench import Bench
from tests.adapters.builders import make_tensors
from tests.hunting.fakes import FakeWorker, write_vocabulary

LOADED = LoadFacts(
    base="lab", base_sha256="ab" * 32, pipeline_class="Fake", device="cpu", expected=2, applied=2, unapplied=(), base_digest_before="x",
    base_digest_loaded="x", base_digest_after="x", scale_zero_identical=True, versions={},
)  # fmt: skip
SIDEWAYS = np.eye(16, dtype=np.float32)[3] * 4
Opened = list[str]


def scaled(by: float) -> dict[str, NDArray[np.float32]]:
    """The tensors of a small adapter of the lab, entries of this size."""
    return {name: np.asarray(value, dtype=np.float32) * np.float32(by) for name, value in make_tensors(dialect="peft").items()}


def write_adapter(folder: Path, name: str) -> Path:
    """A sound adapter."""
    path = folder / f"{name}.safetensors"
    path.write_bytes(save(scaled(0.02)))
    return path


def put_fake_workers(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Opened:
    """What happens to the workers from now on; they draw nothing, so that a picture would be an error."""
    log: Opened = []
    base = write_vocabulary(folder / "base")

    @contextmanager
    def opened(*_: object, **__: object) -> Iterator[tuple[Bench, tuple[object, ...], LoadFacts]]:
        log.append("opened")
        bench = Bench(reference=FakeWorker(), adapted=FakeWorker(planted={"word42": SIDEWAYS}), base_folder=base, family="lab")  # type: ignore[arg-type]
        try:
            yield bench, (), LOADED
        finally:
            log.append("closed")

    monkeypatch.setattr(worker, "open_workers", opened)
    return log
