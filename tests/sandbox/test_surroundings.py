"""The lock holds, or is refused, wherever lorascan is started: root, ordinary user, container, other systems."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import ordinary
from tests.sandbox.conftest import usable
from tests.sandbox.ordinary import ROOT

PROGRAMS = ROOT / "tests" / "sandbox" / "programs"
USERS = ("root", "nobody") if os.geteuid() == 0 else ("nobody",)
REFUSED = {
    "socket": ("1",),
    "write": ("1",),
    "read": ("2", "13"),
    "fork": ("1",),
    "exec": ("1",),
    "unshare": ("1",),
    "honest work": ("through",),
}


def started(user: str, lack: str) -> dict[str, Any]:
    """What isolation such a user gets on such a machine; a program of its own, for what it takes away stays away."""
    python = ordinary.python()
    if python is None:
        pytest.skip(ordinary.NO_PYTHON)
    command = [python, "-I", "-B", str(PROGRAMS / "elsewhere.py"), user, lack]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["user"] == 0) is (user == "root")
    return told


def see_that_it_holds(told: dict[str, Any]) -> None:
    assert told["uid"] != 0
    assert told["told"].keys() == REFUSED.keys()
    assert all(said in REFUSED[name] for name, said in told["told"].items()), told


@pytest.mark.parametrize("user", USERS)
def test_where_nothing_is_lacking_both_walls_stand(user: str) -> None:
    told = started(user, "nothing")

    see_that_it_holds(told)
    assert told["backend"] == usable()[0]


@pytest.mark.parametrize("user", USERS)
def test_without_bubblewrap_the_lock_alone_is_taken_and_the_reason_is_kept(user: str) -> None:
    told = started(user, "bubblewrap")

    see_that_it_holds(told)
    assert told["backend"] == "process"
    assert "bubblewrap is not installed" in told["refused"][0]


@pytest.mark.parametrize("user", USERS)
def test_with_user_namespaces_off_an_ordinary_user_gets_the_lock_alone(user: str) -> None:
    told = started(user, "user namespaces")

    see_that_it_holds(told)
    assert user == "root" or told["backend"] == "process"


@pytest.mark.parametrize("user", USERS)
def test_in_a_container_with_the_usual_profile_the_lock_alone_holds(user: str) -> None:
    told = started(user, "what Docker refuses")

    see_that_it_holds(told)
    assert told["backend"] == "process"
    assert "namespaces" in told["refused"][0]


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("lack", ["landlock", "everything"])
def test_without_landlock_nothing_starts(user: str, lack: str) -> None:
    told = started(user, lack)

    assert told["backend"] is None
    assert "no isolation" in told["why"]
    assert "Landlock" in told["why"]


def test_every_attack_fails_for_an_ordinary_user_too() -> None:
    if os.geteuid() != 0:
        pytest.skip("this whole run is an ordinary user's")
    python = ordinary.python()
    if python is None:
        pytest.skip(ordinary.NO_PYTHON)
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o777)
        files = [str(ROOT / "tests" / "sandbox" / name) for name in ("test_attacks.py", "test_escapes.py")]
        command = [*ordinary.prefix(), python, "-m", "pytest", "-q", "-x", f"--basetemp={home}/t", *files]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=dict(ordinary.environment(Path(home))))

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert int(done.stdout.rsplit(" passed", 1)[0].split()[-1]) > 300 * len(usable())


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_on_another_system_the_static_stages_run_and_the_rest_is_not_run(system: str) -> None:
    adapter = next((ROOT / "lorascan" / "lab" / "assets" / "adapters").glob("style_declared*.safetensors"))
    command = [sys.executable, str(PROGRAMS / "foreign_system.py"), system, str(adapter)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 3, done.stderr[-3000:]
    report = json.loads(done.stdout)
    stages = {stage["name"]: stage for stage in report["stages"]}
    assert [stages[name]["status"] for name in ("file", "weights")] == ["ran", "ran"]
    assert [stages[name]["status"] for name in ("load", "hunt", "probe")] == ["not run"] * 3
    assert f"no isolation on {system}" in str(report["verdict"])
    assert report["verdict"]["decision"] == "undecided"
