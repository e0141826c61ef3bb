"""A worker's memory is bounded by a control group where one was delegated, and nothing is left of it."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lorascan.core.behaviour import IsolationFacts
from lorascan.reporting._digest import isolation_summary
from lorascan.sandbox import Session, WorkerDied, WorkerFailed, control_group, start
from lorascan.sandbox.control_group import Group
from tests.sandbox.conftest import QUICK

OFFERED = ("cgroup.procs", "cgroup.kill", "memory.max", "memory.swap.max", "memory.oom.group", "memory.events", "pids.max")
NOT_HERE = "no control group with a memory controller was delegated to this run"


def tree(tmp_path: Path, *, inside: str = "/user/app/run.scope", root: str = "/", handed_down: Mapping[str, str] | None = None) -> Path:
    """A /proc/self that tells of a file system of groups at `tmp_path/fs unified`; `handed_down`: group → its subtree_control."""
    top = tmp_path / "fs unified"
    for group, controllers in {"/user/app": "memory pids", inside: "", **(handed_down or {})}.items():
        folder = top / group.removeprefix(root).lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.subtree_control").write_text(controllers + "\n")
        (folder / "cgroup.procs").write_text("")
    process = tmp_path / "self"
    process.mkdir()
    where = str(top).replace(" ", r"\040")
    (process / "mountinfo").write_text(
        f"21 1 0:20 / /proc rw - proc proc rw\n30 1 0:26 {root} {where} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    )
    (process / "cgroup").write_text(f"4:memory:/old\n0::{inside}\n")
    return process


@pytest.fixture
def without_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(control_group, "_SYSTEMD", tmp_path / "no systemd")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Folders as the kernel makes and removes them, but for a few refusals first; which refusals are still to come."""

    def offer(*names: str, refusals: int = 0) -> list[int]:
        left = [errno.EBUSY] * refusals

        def make(folder: Path) -> None:
            folder.mkdir()
            for name in names:
                (folder / name).write_text("")

        def remove(folder: Path) -> None:
            if left:
                raise OSError(left.pop(), "")
            shutil.rmtree(folder)

        monkeypatch.setattr(control_group, "_make_folder", make)
        monkeypatch.setattr(control_group, "_remove_folder", remove)
        return left

    return offer


@pytest.mark.usefixtures("without_systemd")
def test_a_group_is_made_beside_our_own_where_memory_is_handed_down(tmp_path: Path) -> None:
    assert control_group.place(tree(tmp_path)) == tmp_path / "fs unified" / "user" / "app"


@pytest.mark.usefixtures("without_systemd")
def test_a_group_is_made_below_our_own_where_memory_is_handed_down_there(tmp_path: Path) -> None:
    process = tree(tmp_path, handed_down={"/user/app/run.scope": "cpu memory"})

    assert control_group.place(process) == tmp_path / "fs unified" / "user" / "app" / "run.scope"


@pytest.mark.usefixtures("without_systemd")
def test_a_file_system_of_which_a_part_is_seen_is_read_from_that_part_on(tmp_path: Path) -> None:
    process = tree(tmp_path, root="/user", inside="/user/app/run.scope")

    assert control_group.place(process) == tmp_path / "fs unified" / "app"


@pytest.mark.usefixtures("without_systemd")
@pytest.mark.parametrize("inside", ["/", "/top"])
def test_nothing_above_what_is_seen_is_taken(tmp_path: Path, inside: str) -> None:
    process = tree(tmp_path, inside=inside, handed_down={"/": "", "/user/app": "memory"})

    assert control_group.place(process) is None


@pytest.mark.usefixtures("without_systemd")
@pytest.mark.parametrize("controllers", ["", "pids", "hugetlb memory_recursiveprot"])
def test_without_the_memory_controller_there_is_no_place(tmp_path: Path, controllers: str) -> None:
    assert control_group.place(tree(tmp_path, handed_down={"/user/app": controllers})) is None


@pytest.mark.usefixtures("without_systemd")
@pytest.mark.parametrize("line", ["0::/../outside", "4:memory:/only/the/old/version", "", "0::/elsewhere"])
def test_a_group_that_is_not_seen_is_no_place(tmp_path: Path, line: str) -> None:
    process = tree(tmp_path, root="/user")
    (process / "cgroup").write_text(line + "\n")

    assert control_group.place(process) is None


def test_without_the_new_groups_or_without_proc_there_is_no_place(tmp_path: Path) -> None:
    process = tree(tmp_path)
    (process / "mountinfo").write_text("30 1 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n")

    assert control_group.place(process) is None
    assert control_group.place(tmp_path / "gone") is None


def test_what_may_not_be_written_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "cgroup.procs")

    assert control_group.place(tree(tmp_path)) is None


def test_root_keeps_out_of_what_systemd_rules_unless_it_was_delegated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = tree(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(control_group, "_SYSTEMD", tmp_path)  # it is there
    marks: dict[str, bytes] = {}

    def mark(path: Path, name: str) -> bytes:
        if name == "trusted.delegate" and str(path) in marks:
            return marks[str(path)]
        raise OSError(errno.ENODATA, "")

    monkeypatch.setattr(os, "getxattr", mark)
    top = tmp_path / "fs unified"

    assert control_group.place(process) is None
    marks[str(top / "user")] = b"0"
    assert control_group.place(process) is None
    marks[str(top / "user")] = b"1"
    assert control_group.place(process) == top / "user" / "app"


def test_a_worker_gets_a_group_with_all_the_limits_that_the_kernel_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: Callable[..., list[int]]
) -> None:
    monkeypatch.setattr(control_group, "place", lambda: tmp_path)
    offered(*OFFERED)

    group = control_group.made(2**30, 136)

    assert group is not None
    assert group.folder.parent == tmp_path
    assert group.folder.name.startswith(f"lorascan-{os.getpid()}-")
    assert group.limits == {"memory.max": 2**30, "memory.swap.max": 0, "memory.oom.group": 1, "pids.max": 136}
    assert (group.folder / "memory.max").read_text() == str(2**30)
    assert group.remove()
    assert not group.folder.exists()
    assert group.remove()  # again, for nothing


def test_what_the_kernel_does_not_offer_is_left_out_and_never_made(tmp_path: Path, offered: Callable[..., list[int]]) -> None:
    offered("cgroup.procs", "memory.max")

    group = control_group.make(tmp_path, {"memory.max": 4096, "pids.max": 7})

    assert group.limits == {"memory.max": 4096}
    assert not (group.folder / "pids.max").exists()


def test_a_limit_that_is_refused_leaves_no_group_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: Callable[..., list[int]]
) -> None:
    offered(*OFFERED)

    def refuse(_folder: Path, name: str, _value: int) -> None:
        if name == "memory.max":
            raise OSError(errno.EACCES, "")

    monkeypatch.setattr(control_group, "_write", refuse)
    monkeypatch.setattr(control_group, "place", lambda: tmp_path)

    assert control_group.made(2**30, 136) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("refusals", "removed"), [(0, True), (3, True), (10**6, False)])
def test_a_group_that_is_still_busy_is_removed_a_little_later_or_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: Callable[..., list[int]], refusals: int, *, removed: bool
) -> None:
    monkeypatch.setattr(control_group, "_REMOVAL_SECONDS", 0.2)
    left = offered(*OFFERED, refusals=refusals)
    group = control_group.make(tmp_path, {})

    assert group.remove() is removed
    assert group.folder.exists() is not removed
    assert (left == []) is removed


def test_the_empty_groups_of_processes_that_are_gone_are_swept_up(tmp_path: Path) -> None:
    kept = [f"lorascan-{os.getpid()}-{'a' * 16}", "lorascan-999999999", "session.scope"]
    for name in (*kept, f"lorascan-999999999-{'b' * 16}"):
        (tmp_path / name).mkdir()

    control_group._sweep(tmp_path)

    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(kept)


@pytest.mark.parametrize(("events", "said"), [("oom 1\noom_kill 1\n", True), ("oom 1\noom_kill 0\n", False), ("noise\n", False)])
def test_death_for_want_of_memory_is_read_from_the_groups_events(tmp_path: Path, events: str, *, said: bool) -> None:
    (tmp_path / "memory.events").write_text(events)

    assert Group(folder=tmp_path, limits={}).ran_out_of_memory() is said
    assert not Group(folder=tmp_path / "gone", limits={}).ran_out_of_memory()


@pytest.fixture
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: Callable[..., list[int]]) -> Iterator[Path]:
    """A worker whose group is a folder of ours: what it writes to the entrance is kept."""
    offered("cgroup.procs", "memory.max", "pids.max")
    place = tmp_path / "groups"
    place.mkdir()
    monkeypatch.setattr(control_group, "place", lambda: place)
    yield place
    assert list(place.iterdir()) == []


def test_a_worker_enters_its_group_before_its_lock_and_only_then_is_its_limit_reported(
    isolation: str, entered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isolation == "container":  # its engine makes the group
        with start("lorascan.sandbox.payload", QUICK, isolation=isolation) as session:
            assert list(entered.iterdir()) == []
            assert "memory.max" not in session.facts.limits
        return
    for inside in (True, False):
        monkeypatch.setattr(Group, "holds", lambda _group, _process, inside=inside: inside)
        with start("lorascan.sandbox.payload", QUICK, isolation=isolation) as session:
            (folder,) = entered.iterdir()
            assert (folder / "cgroup.procs").read_text() == "0"
            assert (session.facts.limits.get("memory.max") == QUICK.memory_bytes + 256 * 2**20) is inside
            assert ("pids.max" in session.facts.limits) is inside


def test_a_start_that_fails_leaves_no_group_behind(entered: Path) -> None:
    with pytest.raises(WorkerFailed, match="deliberate"):
        start("tests.sandbox.programs.misbehave", QUICK, arguments={"at_start": "crash"})

    assert list(entered.iterdir()) == []


@pytest.mark.parametrize(("limits", "told"), [({"RLIMIT_DATA": 1.0}, False), ({"RLIMIT_DATA": 1.0, "memory.max": 2.0}, True)])
def test_a_report_says_where_the_memory_limit_comes_from(limits: dict[str, float], *, told: bool) -> None:
    facts = IsolationFacts(role="adapted", backend="process", landlock_abi=7, filter_sha256="", uid=1, checks={}, limits=limits)

    assert ("memory bounded by a control group" in isolation_summary(facts)) is told


UNIFIED = next((each for each in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")) if (each / "cgroup.procs").is_file()), None)


def test_a_real_group_is_entered_and_removed_with_what_is_in_it() -> None:
    """With the kernel's own groups, of whatever controllers: who holds one ends with it, and it goes."""
    if UNIFIED is None or not os.access(UNIFIED / "cgroup.procs", os.W_OK):
        pytest.skip("no control groups of version 2 that this user may change")
    group = control_group.make(UNIFIED, {})
    entrance = group.entrance()
    code = f"import os, time; from lorascan.sandbox import privileges; privileges.enter({entrance}); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, pass_fds=[entrance]) as process:
        os.close(entrance)
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        assert group.holds(process.pid)
        assert not group.holds(os.getpid())

        assert group.remove()

        assert process.wait(10) == -9
    assert not group.folder.exists()


def test_a_real_group_bounds_a_real_worker(isolation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if control_group.place() is None or isolation == "container":
        pytest.skip(NOT_HERE if isolation != "container" else "the engine makes a container's group")
    monkeypatch.setattr("lorascan.sandbox.attempt.MARGIN_BYTES", -(QUICK.memory_bytes // 2))
    with start("lorascan.sandbox.payload", QUICK, isolation=isolation) as session:
        assert session.facts.limits["memory.max"] == QUICK.memory_bytes // 2
        with pytest.raises(WorkerDied, match="control group"):
            fill(session)


def fill(session: Session) -> None:
    session.call("run", {"source": f"kept = bytearray({QUICK.memory_bytes * 3 // 4})"})
