"""The backend `container`: what an engine is told, and the whole way with a program that stands in for one.

Where LORASCAN_CONTAINER_IMAGE names an image of a real engine, every test of this folder that names `isolation` runs there too.
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from lorascan.core.errors import Unavailable
from lorascan.sandbox import WorkerDied, WorkerError, WorkerLied, WorkerTimedOut, keeper, launch, outside, parent, selfcheck, start
from lorascan.sandbox.backend import Wanted
from lorascan.sandbox.backends import container
from lorascan.sandbox.reach import Reach
from tests.sandbox.conftest import QUICK, containers, descriptors
from tests.sandbox.test_lifecycle import PARENT, alive, canaries, gone

PROGRAM = "tests.sandbox.programs.misbehave"
PAYLOAD = "lorascan.sandbox.payload"
STAND_IN = Path(__file__).parent / "programs" / "engine.py"
SMALL = replace(QUICK, memory_bytes=300 * 2**20, chatter_bytes=2**20, frames=5000)


def wanted(*trees: str, devices: tuple[str, ...] = (), granted: tuple[str, ...] = ()) -> Wanted:
    reach = Reach(
        interpreter="/opt/py/bin/python3", import_path=(), packages={}, trees=trees, required=(), granted=granted, devices=devices
    )
    return Wanted(reach=reach, environment={"HOME": "/nonexistent", "PATH": ""}, memory_bytes=2**30, tasks=136)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine that knows the image `lorascan`; its folder of containers."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "lorascan").touch()
    program = tmp_path / "podman"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -B {STAND_IN} {state} "$@"\n')
    program.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == Path.home().owner() and folder.name.startswith("pytest"):
            folder.chmod(0o755)
    monkeypatch.delenv(container.IMAGE, raising=False)
    monkeypatch.delenv(container.RUNTIME, raising=False)
    monkeypatch.setenv(container.ENGINE, str(program))
    return state


def running(state: Path) -> list[int]:
    return [int(each.read_text()) for each in state.iterdir() if each.name.startswith("lorascan-")]


GOLDEN = """
/usr/bin/docker run --name lorascan-1-ab --rm --interactive --pull never --log-driver none --no-healthcheck --stop-signal SIGKILL
--network none --ipc none --read-only --cap-drop ALL --security-opt no-new-privileges --user 65534:65534 --workdir / --entrypoint=
--memory 1073741824 --memory-swap 1073741824 --pids-limit 136 {runtime}--env HOME=/nonexistent --env PATH=
--mount type=bind,source=/opt/py/lib,target=/opt/py/lib,readonly --mount type=bind,source=/srv/a/b,target=/srv/a/b,readonly an/image:1
"""


@pytest.mark.parametrize(("runtime", "words"), [("", ""), ("runsc", "--runtime runsc ")])
def test_an_engine_is_told_exactly_this(runtime: str, words: str) -> None:
    said = container.arguments("/usr/bin/docker", "lorascan-1-ab", "an/image:1", runtime, wanted("/opt/py/lib", "/srv/a/b"))

    assert said == GOLDEN.format(runtime=words).split()


def test_a_path_below_one_that_is_bound_or_that_the_engine_gives_is_not_bound() -> None:
    said = container.arguments(
        "podman", "n", "i", "", wanted("/opt/py/lib", "/opt/py/lib/python3.11", "/proc/cpuinfo", "/dev/null", "/sys")
    )

    assert [each for each in said if each.startswith("type=")] == ["type=bind,source=/opt/py/lib,target=/opt/py/lib,readonly"]


def test_a_link_is_bound_where_it_points_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    said = container.arguments("podman", "n", "i", "", wanted(str(tmp_path / "link")))

    assert f"type=bind,source={tmp_path / 'real'},target={tmp_path / 'link'},readonly" in said


@pytest.mark.parametrize("path", ["/srv/a,readonly=false", '/srv/a"b', "/srv/a\nb"])
def test_a_path_that_would_say_something_else_to_the_engine_is_refused(path: str) -> None:
    with pytest.raises(Unavailable, match="cannot be bound"):
        container.arguments("podman", "n", "i", "", wanted(path))


def test_podman_is_taken_before_docker_and_either_by_name_but_from_known_places_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(container, "_PLACES", str(tmp_path))
    with pytest.raises(Unavailable, match="neither podman nor docker is installed") as caught:
        container.engine({})
    assert "install podman or docker" in caught.value.remedy
    for name in ("docker", "podman"):
        (tmp_path / name).touch(mode=0o755)

    assert container.engine({}) == str(tmp_path / "podman")
    assert container.engine({container.ENGINE: "docker"}) == str(tmp_path / "docker")
    assert container.engine({container.ENGINE: "/bin/sh"}) == "/bin/sh"
    for unknown in ("/no/such/engine", "nerdctl", "./podman"):
        with pytest.raises(Unavailable, match="is not installed"):
            container.engine({container.ENGINE: unknown})


def test_a_container_is_given_no_gpu() -> None:
    with pytest.raises(Unavailable, match="no GPU"):
        container.SANDBOX.command(wanted("/opt", devices=("/dev/nvidiactl",)))


@pytest.mark.usefixtures("engine")
def test_what_the_user_nobody_cannot_read_is_said_before_a_container_is_made(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir(mode=0o755)
    (model / "unet.safetensors").touch(mode=0o600)

    with pytest.raises(Unavailable, match=r"unet\.safetensors is closed to the user nobody"):
        container.SANDBOX.command(wanted("/opt", granted=(str(model),)))


def test_a_container_is_never_chosen_automatically() -> None:
    assert parent.known_backends()["container"].place is None


def test_the_whole_lock_is_proved_inside_a_container(engine: Path) -> None:
    with start(PAYLOAD, QUICK, isolation="container", blobs={"adapter": b"sealed bytes"}) as session:
        facts = session.facts
        assert running(engine) == [session._child.worker]
        assert not outside.lock_contradicted(session._child.worker)

    assert facts.backend == "container"
    assert set(facts.checks) == {*selfcheck.FIRST, *selfcheck.SECOND}
    assert all(facts.checks.values())
    assert facts.landlock_abi >= 1
    assert facts.uid == (65534 if os.geteuid() == 0 else os.getuid())
    assert facts.limits["container --memory"] == QUICK.memory_bytes + 256 * 2**20 + len(b"sealed bytes")
    assert facts.limits["container --pids-limit"] < 200
    assert running(engine) == []


@pytest.mark.usefixtures("engine")
def test_sealed_and_other_bytes_of_any_size_travel_without_a_descriptor() -> None:
    adapter, blob = os.urandom(3_000_000), os.urandom(2_000_000)
    with start(PROGRAM, QUICK, isolation="container", blobs={"adapter": adapter, "empty": b"", "other": b"o"}) as session:
        sealed = session.call("sealed", {}, reply_sizes=[len(adapter)])
        echoed = session.call("echo", {}, blobs=[blob], reply_sizes=[len(blob)])

    assert sealed.blobs == (adapter,)
    assert sealed.result == {"readonly": True, "names": ["adapter", "empty", "other"]}
    assert echoed.blobs == (blob,)


@pytest.mark.usefixtures("engine")
def test_the_sealed_bytes_of_a_container_cannot_be_changed_either() -> None:
    find = "fd = next(n for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}') and 'memfd' in os.readlink(f'/proc/self/fd/{n}'))\n"
    source = "import os\n" + find + "for change in (lambda: os.pwrite(fd, b'x', 0), lambda: os.ftruncate(fd, 0)):\n"
    source += "    try: change(); print('through')\n    except OSError as error: print(error.errno)"

    with start(PAYLOAD, QUICK, isolation="container", blobs={"adapter": b"x"}) as session:
        told = session.call("run", {"source": source}).result["output"].split()

    assert told == ["27", "1"]  # EFBIG, EPERM


@pytest.mark.usefixtures("engine")
def test_what_a_program_prints_is_no_answer_and_what_the_image_sets_is_not_seen() -> None:
    source = "import os; os.write(1, b'not a frame'); os.write(2, b' nor this'); print(sorted(os.environ), os.read(0, 1))"
    with start(PAYLOAD, QUICK, isolation="container") as session:
        told = session.call("run", {"source": source}).result["output"]
        heard = session.heard

    assert "LD_LIBRARY_PATH" not in told
    assert "SECRET" not in told
    assert "HF_HUB_OFFLINE" in told
    assert told.endswith("b''\n")
    assert "not a frame" in heard
    assert "nor this" in heard


DEEDS = [
    ("segfault", WorkerDied, "SIGSEGV"),
    ("forbidden architecture", WorkerDied, "SIGSYS"),
    ("leave", WorkerDied, "code 0"),
    ("hang", WorkerTimedOut, "silent"),
    ("flood output", WorkerLied, "flooded"),
    ("flood errors", WorkerLied, "flooded"),
    ("huge length", WorkerLied, "RESULT frame of"),
    ("no frame", WorkerLied, "not a frame"),
    ("close pipes", WorkerTimedOut, "silent"),  # its client holds the other ends open
    ("bomb", WorkerError, "MemoryError"),
]


@pytest.mark.usefixtures("descriptors_kept")
@pytest.mark.parametrize(("deed", "error", "words"), DEEDS, ids=[deed for deed, _, _ in DEEDS])
def test_a_misdeed_in_a_container_ends_it_and_is_named(engine: Path, deed: str, error: type[Exception], words: str) -> None:
    with start(PROGRAM, replace(SMALL, idle_seconds=3.0), isolation="container") as session, pytest.raises(error, match=words):
        session.call(deed, {})

    assert running(engine) == []


def test_an_image_that_is_not_at_hand_is_no_isolation_in_the_engines_words(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(container.IMAGE, "no-such-image")

    with pytest.raises(Unavailable, match="no isolation") as caught:
        start(PAYLOAD, QUICK, isolation="container")

    assert "image not known" in str(caught.value)
    assert "::error" not in str(caught.value)
    assert running(engine) == []


def test_an_engine_that_refuses_an_option_is_no_isolation(monkeypatch: pytest.MonkeyPatch, engine: Path) -> None:
    monkeypatch.setattr(container, "_ALWAYS", (*container._ALWAYS, "--no-such-option"))

    with pytest.raises(Unavailable, match="unknown flag"):
        start(PAYLOAD, QUICK, isolation="container")
    assert running(engine) == []


def test_a_launcher_that_lies_in_a_container_is_seen_from_outside(engine: Path) -> None:
    (engine / "lie").touch()

    with pytest.raises(Unavailable, match="seen from outside: no filter"):
        start(PAYLOAD, QUICK, isolation="container")

    assert running(engine) == []


def test_a_container_does_not_outlive_a_killed_parent(engine: Path) -> None:
    code = PARENT.format(program=PROGRAM, then="session.call('hang', {})")
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", code, "container"], cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        below = [int(each) for each in process.stdout.readline().split()]
        inside = running(engine)
        assert all(alive(each) for each in (*below, *inside))  # the control
        assert len(inside) == 1

        process.kill()

        assert gone([*below, *inside])
    assert running(engine) == []


def test_a_container_does_not_outlive_a_killed_client(engine: Path) -> None:
    with start(PROGRAM, QUICK, isolation="container") as session:
        inside = running(engine)
        (client,) = outside.children(session._child._process.pid)
        os.kill(client, signal.SIGKILL)

        assert gone(inside)
        with pytest.raises(WorkerDied, match="SIGKILL"):
            session.call("echo", {})


@pytest.mark.usefixtures("descriptors_kept", "own_temporary_folder")
def test_containers_leave_nothing_behind(engine: Path) -> None:
    start(PROGRAM, QUICK, isolation="container").close()
    files, kept, others = canaries(), descriptors(), set(outside.children(os.getpid()))

    with start(PROGRAM, QUICK, isolation="container", blobs={"adapter": b"x"}) as session:
        worker = session._child.worker
        assert alive(worker)
    with launch(PROGRAM, QUICK, isolation="container") as pending:
        assert pending._attempt is not None
        time.sleep(0.2)

    assert gone([worker])
    assert running(engine) == []
    assert set(outside.children(os.getpid())) <= others
    assert canaries() <= files
    assert descriptors() == kept


@pytest.mark.usefixtures("engine")
def test_two_containers_answer_side_by_side() -> None:
    pending = [launch(PROGRAM, QUICK, isolation="container", blobs={"adapter": name}) for name in (b"first", b"second")]
    first, second = (each.ready() for each in pending)
    with first, second, ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(each.call, "sealed", {}, reply_sizes=[size]) for each, size in ((first, 5), (second, 6))]

        assert [each.result().blobs for each in asked] == [(b"first",), (b"second",)]


def test_a_keeper_tells_how_its_command_ended_and_always_cleans_up(tmp_path: Path) -> None:
    mark = tmp_path / "removed"
    before = keeper.prefix(os.getpid(), ("/usr/bin/touch", str(mark)))

    for command, code in ((("/bin/sh", "-c", "exit 7"), 7), (("/bin/sh", "-c", "kill -9 $$"), 137)):
        done = subprocess.run([*before, *command], check=False)
        assert done.returncode == code
        assert mark.exists()
        mark.unlink()


def test_a_keeper_whose_parent_is_gone_already_starts_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "started"

    done = subprocess.run([*keeper.prefix(1, ("/bin/true",)), "/usr/bin/touch", str(mark)], check=False)

    assert done.returncode == 1
    assert not mark.exists()


def test_a_real_engine_proves_itself_where_one_is_named() -> None:
    if not os.environ.get(container.IMAGE):
        pytest.skip(f"no real podman or docker is tried: {container.IMAGE} names no image")
    assert containers() == ("container",)
