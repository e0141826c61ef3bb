"""The wheel in a bare environment: what `pip install lorascan` brings, and no more."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from safetensors.numpy import save

from tests.adapters.builders import make_tensors

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "diffusers", "peft", "transformers", "open_clip", "pandas", "huggingface_hub", "pyarrow", "PIL")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without pip's network: the wheel is built and unpacked, and each library that it requires is put beside it."""
    folder = tmp_path_factory.mktemp("bare")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=250)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    site = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    shutil.unpack_archive(wheel, site, format="zip")
    (installed,) = metadata.distributions(name="lorascan", path=[str(site)])
    for name in closure(installed.requires or []):
        for entry in top_level(metadata.distribution(name)):
            if not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    return folder / "venv" / "bin" / "python"


def closure(requirements: list[str]) -> set[str]:
    """The names of all distributions that these lead to, without extras."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        wanted = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found.add(name)
            waiting += metadata.distribution(name).requires or []
    return found


def top_level(distribution: metadata.Distribution) -> Iterator[Path]:
    """The files and folders that a distribution puts into site-packages."""
    names = {each.parts[0] for each in distribution.files or () if each.parts[0] not in ("..", "__pycache__")}
    return (Path(str(distribution.locate_file(name))) for name in sorted(names))


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    small = {name: np.asarray(value, np.float32) * np.float32(0.02) for name, value in make_tensors(dialect="peft").items()}
    (tmp_path / "style.safetensors").write_bytes(save(small))
    return tmp_path / "style.safetensors"


def ran(bare: Path, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and all that was said by `lorascan` of the bare environment, from a folder of no interest."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(bare.parent), "LORASCAN_CACHE": "false", "COLUMNS": "200"}
    command = [str(bare), "-m", "lorascan", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=bare.parent, timeout=120, check=False)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def test_the_environment_is_bare_and_its_lorascan_is_the_wheel_s(bare: Path) -> None:
    probe = f"import importlib.util as u, lorascan; print(lorascan.__file__, [each for each in {HEAVY} if u.find_spec(each)])"
    done = subprocess.run([str(bare), "-I", "-c", probe], capture_output=True, text=True, cwd=bare.parent, check=True)

    where, _, found = done.stdout.strip().partition(" ")
    assert (Path(where).is_relative_to(bare.parent.parent), found) == (True, "[]")


def test_the_file_and_weight_stages_work_and_every_command_helps(bare: Path, adapter: Path) -> None:
    code, said = ran(bare, "audit", adapter, "--policy", "static", "-o", bare.parent / "page.html", "-o", bare.parent / "all.sarif")
    assert (code, "ADMIT" in said, "behaviour was not tested" in said) == (0, True, True), said
    assert "<h1" in (bare.parent / "page.html").read_text(encoding="utf-8")

    bad = adapter.with_name("bad.safetensors")
    bad.write_bytes(adapter.read_bytes()[:-1])
    assert ran(bare, "audit", bad, "--policy", "static")[0] == 1
    assert ran(bare, "inspect", adapter)[0] == 0
    assert ran(bare, "rules")[0] == 0
    assert ran(bare, "--help")[0] == 0


def test_a_whole_audit_says_what_to_install_and_is_undecided(bare: Path, adapter: Path) -> None:
    code, said = ran(bare, "audit", adapter)

    assert code == 3
    assert 'pip install "./lorascan[audit]"' in " ".join(said.split()), said


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("--policy", "static", "-o", "findings.parquet"), 'pip install "./lorascan[audit]"'),
        (("--policy", "static", "--online", "hf://owner/repository/a.safetensors"), 'pip install "./lorascan[hub]"'),
    ],
)
def test_what_needs_an_extra_names_it(bare: Path, adapter: Path, arguments: tuple[str, ...], extra: str) -> None:
    code, said = ran(bare, "audit", adapter, *arguments)

    assert (code, extra in said) == (3, True), said
