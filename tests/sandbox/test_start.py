"""A backend counts only when it proves itself; where none does, nothing starts."""

import os
import platform
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest

from lorascan.core.errors import Unavailable
from lorascan.sandbox import Lock, Session, WorkerLied, launch, parent, selfcheck, start
from lorascan.sandbox import landlock as landlock_of_kernel
from lorascan.sandbox.backend import Backend, Command, Wanted
from lorascan.sandbox.backends import namespaces, none, process
from tests.sandbox.conftest import AUTOMATIC, QUICK, usable

PROGRAM = "lorascan.sandbox.payload"
ROOT = str(Path(__file__).resolve().parents[2])


def lying(mode: str) -> Backend:
    boot = f"import sys; sys.path.append({ROOT!r}); from tests.sandbox.programs.liar import main; main({mode!r}, sys.argv[-1])"
    return Backend(place=1, command=lambda _wanted: Command(prefix=(sys.executable, "-I", "-c", boot)))


def absent(_wanted: Wanted) -> Never:
    raise Unavailable("it is not here", "install it")


def only(monkeypatch: pytest.MonkeyPatch, **backends: Backend) -> None:
    monkeypatch.setattr(parent, "known_backends", lambda: backends)


@pytest.mark.parametrize("name", AUTOMATIC)
def test_each_backend_proves_itself_or_refuses_with_a_remedy(name: str) -> None:
    if name in usable():
        with start(PROGRAM, QUICK, isolation=name) as session:
            facts = session.facts
        assert facts.backend == name
        assert set(facts.checks) == {*selfcheck.FIRST, *selfcheck.SECOND}
        assert all(facts.checks.values())
        assert facts.landlock_abi >= 1
        assert facts.uid != 0
        assert len(facts.filter_sha256) == 64
    else:
        with pytest.raises(Unavailable) as refused:
            start(PROGRAM, QUICK, isolation=name)
        assert refused.value.remedy


def test_automatic_isolation_takes_the_strongest_that_proves_itself_or_refuses() -> None:
    if usable():
        with start(PROGRAM, QUICK) as session:
            assert session.facts.backend == usable()[0]
    else:
        with pytest.raises(Unavailable, match="no isolation"):
            start(PROGRAM, QUICK)


LIES = [
    ("one check false", "not proved: every thread filtered"),
    ("one check missing", "not proved: every thread filtered"),
    ("one check too many", "more than was asked"),
    ("a check that is merely true", "not proved"),
    ("root", "another lock"),
    ("no landlock", "another lock"),
    ("another filter", "another lock"),
    ("uid of words", "uid is missing"),
    ("no limits", "is missing"),
    ("perfect", "seen from outside: no filter"),
    ("not json", "Expecting"),
    ("ready first", "HELLO may come"),
    ("huge", "HELLO may come"),
    ("half", "ended by itself"),
    ("error", "sorry"),
    ("death", "setting up uid map"),
]


@pytest.mark.usefixtures("descriptors_kept")
@pytest.mark.parametrize(("mode", "words"), LIES, ids=[mode for mode, _ in LIES])
def test_a_launcher_that_lies_or_fails_is_no_isolation(monkeypatch: pytest.MonkeyPatch, mode: str, words: str) -> None:
    only(monkeypatch, liar=lying(mode))

    with pytest.raises(Unavailable, match=f"no isolation.*{words}"):
        start(PROGRAM, QUICK)


def test_a_launcher_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, mute=lying("nothing"))

    with pytest.raises(Unavailable, match=r"no isolation.*time was used up"):
        start(PROGRAM, replace(QUICK, start_seconds=3))


@pytest.mark.parametrize("missing", ["one check false", "perfect", "death"])
def test_the_next_backend_is_taken_and_the_failure_is_kept(monkeypatch: pytest.MonkeyPatch, isolation: str, missing: str) -> None:
    real = replace(parent.known_backends()[isolation], place=2)
    only(monkeypatch, absent=Backend(place=0, command=absent), liar=lying(missing), real=real)

    with start(PROGRAM, QUICK) as session:
        assert session.facts.backend == "real"
        assert [refusal.partition(":")[0] for refusal in session.facts.refused] == ["absent", "liar"]


def test_a_second_lock_that_is_not_proved_is_a_lie(monkeypatch: pytest.MonkeyPatch, isolation: str) -> None:
    monkeypatch.setattr(selfcheck, "SECOND", {**selfcheck.SECOND, "a check that the launcher does not know": lambda _: True})

    with pytest.raises(WorkerLied, match="second lock is not proved"):
        start(PROGRAM, QUICK, isolation=isolation)


@pytest.mark.parametrize("bubblewrap", [True, False])
@pytest.mark.parametrize("landlock", [True, False])
def test_what_is_missing_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch, *, bubblewrap: bool, landlock: bool) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name, path: "/bin/false" if bubblewrap and path else None)
    monkeypatch.setattr(landlock_of_kernel, "abi", lambda: 0)
    only(monkeypatch, namespaces=namespaces.SANDBOX, **({"process": process.SANDBOX} if not landlock else {}))

    with pytest.raises(Unavailable) as refused:
        start(PROGRAM, QUICK)

    assert "bubblewrap" in refused.value.remedy
    assert ("not installed" in refused.value.what) is not bubblewrap
    assert ("no Landlock" in refused.value.what) is not landlock


def test_no_isolation_is_never_chosen_automatically() -> None:
    assert none.SANDBOX.place is None
    assert [name for name, backend in parent.known_backends().items() if backend.place is not None] == list(AUTOMATIC)


def test_no_isolation_is_refused_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(Unavailable, match="refused where CI is set"):
        start(PROGRAM, QUICK, isolation="none")


def test_no_isolation_is_marked_as_such(control: Session) -> None:
    assert control.facts.backend == "none"
    assert control.facts.landlock_abi == 0
    assert control.facts.filter_sha256 == ""
    assert control.facts.checks == {}


def test_an_unknown_isolation_and_an_unknown_machine_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="choose auto, namespaces, process, container, none"):
        start(PROGRAM, QUICK, isolation="hope")

    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Unavailable, match="riscv64"):
        start(PROGRAM, QUICK)


@pytest.mark.parametrize("wide", ["/", "/etc", "/home", "~"])
def test_a_read_path_that_would_open_everything_is_refused(wide: str) -> None:
    with pytest.raises(Unavailable, match="too wide"):
        start(PROGRAM, Lock(read_paths=(Path(wide).expanduser(),)))


def test_a_file_that_only_root_may_read_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    model = tmp_path / "a model"
    model.mkdir(mode=0o755)
    closed = model / "unet.safetensors"
    closed.touch(mode=0o600)

    with pytest.raises(Unavailable, match=r"unet\.safetensors is closed to the user nobody") as caught:
        start(PROGRAM, Lock(read_paths=(model,)))

    assert f"chmod -R a+rX '{model}'" in str(caught.value.remedy)


def test_a_missing_read_path_and_a_missing_program_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        start(PROGRAM, Lock(read_paths=(tmp_path / "gone",)))
    with pytest.raises(Unavailable, match="no module named"):
        start("no_such_package_at_all.program", Lock())


def test_arguments_too_large_for_the_pipe_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="pass large ones with a call"):
        launch(PROGRAM, QUICK, arguments={"text": "x" * 40_000})


def test_the_wider_lock_of_a_gpu_proves_itself_without_one(isolation: str) -> None:
    """The nodes here are no GPU's: that CUDA works inside is shown nowhere yet."""
    if isolation == "container":
        with pytest.raises(Unavailable, match="no GPU"):
            start(PROGRAM, replace(QUICK, devices=("/dev/full",)), isolation=isolation)
        return
    with start(PROGRAM, replace(QUICK, devices=("/dev/full", "/dev/zero")), isolation=isolation) as session:
        facts = session.facts
        asked = (
            "import os\nfor path in ('/dev/full', '/dev/mem', '/etc/passwd'):\n    try: os.close(os.open(path, os.O_RDONLY)); print(path)\n"
        )
        told = session.call("run", {"source": asked + "    except OSError: pass"}).result["output"]

    assert set(facts.checks) == ({*selfcheck.FIRST, *selfcheck.SECOND} - {"no shared memory"})
    assert "RLIMIT_AS" not in facts.limits
    assert told == "/dev/full\n"
