"""Which backends this machine can prove, tried once and only if a test asks."""

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lorascan.core.errors import Unavailable
from lorascan.sandbox import Lock, Session, start
from lorascan.sandbox.backends import container

AUTOMATIC = ("namespaces", "process")
QUICK = Lock(memory_bytes=2**30, cpu_seconds=300, start_seconds=120, idle_seconds=60, wall_seconds=1800)
"""Long enough for a machine that is busy with something else."""


@cache
def usable() -> tuple[str, ...]:
    """The automatic backends that prove themselves here; test_start.py asserts that the others refuse."""
    return _proving_themselves(AUTOMATIC)


@cache
def containers() -> tuple[str, ...]:
    """The backend `container` where a real engine's image is named and it proves itself; test_container.py asserts that it does."""
    return _proving_themselves(("container",)) if os.environ.get(container.IMAGE) else ()


def _proving_themselves(names: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for name in names:
        try:
            start("lorascan.sandbox.payload", QUICK, isolation=name).close()
        except Unavailable:
            continue
        found.append(name)
    return tuple(found)


def descriptors() -> set[str]:
    """What this process has open, by number."""
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the names


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that names `isolation` once for every usable backend."""
    if "isolation" in metafunc.fixturenames:
        metafunc.parametrize("isolation", (*usable(), *containers()), scope="session")


@pytest.fixture(scope="session")
def payload(isolation: str) -> Iterator[Session]:
    """A locked worker that runs source, shared by the tests that leave it alive."""
    with start("lorascan.sandbox.payload", QUICK, isolation=isolation, blobs={"adapter": b"sealed bytes"}) as session:
        yield session


@pytest.fixture(scope="session")
def control() -> Iterator[Session]:
    """The same worker without any lock: shows that a probe can tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CI", raising=False)
        session = start("lorascan.sandbox.payload", QUICK, isolation="none", blobs={"adapter": b"sealed bytes"})
    with session:
        yield session


@pytest.fixture
def descriptors_kept() -> Iterator[None]:
    """Fail a test that leaves a descriptor open."""
    before = descriptors()
    yield
    assert descriptors() <= before


@pytest.fixture
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file of another run beside this one is taken for ours."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
