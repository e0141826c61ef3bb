"""What a worker may read, and how each backend is told so."""

from pathlib import Path

import pytest

from lorascan.sandbox import landlock, mounts, reach
from lorascan.sandbox.backends import namespaces
from lorascan.sandbox.reach import Reach

ENVIRONMENT = {"HOME": "/nonexistent", "PATH": ""}


def made(*trees: str) -> Reach:
    return Reach(interpreter="/opt/py/bin/python3", import_path=(), packages={}, trees=trees, required=())


def pairs(said: list[str], option: str) -> list[tuple[str, str]]:
    return [(said[n + 1], said[n + 2]) for n, each in enumerate(said) if each == option]


def folders(said: list[str]) -> list[str]:
    return [said[n + 1] for n, each in enumerate(said) if each == "--dir"]


@pytest.mark.parametrize("root", [True, False])
def test_bubblewrap_is_told_every_namespace_by_name(*, root: bool) -> None:
    said = namespaces.arguments("/usr/bin/bwrap", made("/opt/py/lib"), ENVIRONMENT, root=root)

    assert said[0] == "/usr/bin/bwrap"
    for each in ("ipc", "pid", "net", "uts", "cgroup-try"):
        assert f"--unshare-{each}" in said
    assert {"--die-with-parent", "--new-session", "--clearenv"} <= set(said)
    assert "--unshare-all" not in said
    assert ("--unshare-user" in said) is not root
    assert ("--disable-userns" in said) is not root
    assert [said[n + 1] for n, each in enumerate(said) if each == "--cap-add"] == (["CAP_SETUID", "CAP_SETGID"] if root else [])
    assert said[-6:] == ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def test_bubblewrap_binds_are_read_only_and_every_folder_above_may_be_entered() -> None:
    said = namespaces.arguments("bwrap", made("/opt/py/lib", "/opt/py/bin/python3", "/srv/a/b"), ENVIRONMENT, root=False)

    assert sorted(pairs(said, "--ro-bind")) == [(each, each) for each in ("/opt/py/bin/python3", "/opt/py/lib", "/srv/a/b")]
    assert {"/opt", "/opt/py", "/opt/py/bin", "/srv", "/srv/a"} <= set(folders(said))
    assert len(folders(said)) == len(set(folders(said)))
    assert said.count("--perms") == len(folders(said))
    assert not {"--bind", "--dev-bind", "--tmpfs", "--bind-try"} & set(said)


def test_a_path_below_one_that_is_bound_is_not_bound_again() -> None:
    said = namespaces.arguments(
        "bwrap", made("/opt/py/lib", "/opt/py/lib/python3.11", "/proc/cpuinfo", "/dev/zero"), ENVIRONMENT, root=False
    )

    assert pairs(said, "--ro-bind") == [("/opt/py/lib", "/opt/py/lib")]


def test_a_link_at_the_root_stays_a_link_and_others_are_bound_where_they_point(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    said = namespaces.arguments("bwrap", made(str(tmp_path / "link")), ENVIRONMENT, root=False)

    assert pairs(said, "--ro-bind") == [(str(tmp_path / "real"), str(tmp_path / "link"))]
    if Path("/lib").is_symlink():
        assert pairs(namespaces.arguments("bwrap", made("/lib"), ENVIRONMENT, root=False), "--symlink") == [
            (str(Path("/lib").readlink()), "/lib")
        ]


def test_the_environment_is_said_and_nothing_else() -> None:
    said = namespaces.arguments("bwrap", made(), ENVIRONMENT, root=False)

    assert pairs(said, "--setenv") == list(ENVIRONMENT.items())


def test_folders_closed_to_others_are_found_at_their_topmost(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    inside = tmp_path / "closed" / "closed too" / "package"
    inside.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    (tmp_path / "closed" / "closed too").chmod(0o700)
    (tmp_path / "open").mkdir()
    above = next((folder for folder in reversed(tmp_path.parents) if not folder.stat().st_mode & 0o001), tmp_path / "closed")

    found = mounts.closed_folders([str(inside), str(tmp_path / "gone")])

    assert found == {str(above): [str(inside)]}
    assert mounts.closed_folders(["/usr/lib"]) == {}


def test_the_working_folder_of_the_parent_is_never_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend("")

    found = reach.reach("lorascan.sandbox.payload", ())

    assert str(tmp_path) not in found.import_path
    assert str(Path.cwd()) not in found.trees
    assert "" not in found.import_path


def test_a_program_outside_the_library_paths_brings_its_own_package_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "soloist.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    found = reach.reach("soloist", (tmp_path / "soloist.py",))

    assert found.packages == {"lorascan": str(Path(reach.__file__).parents[1]), "soloist": str(tmp_path / "soloist.py")}
    assert str(tmp_path) not in found.trees


@pytest.mark.parametrize(
    ("abi", "rights", "size"), [(1, 13, 8), (2, 14, 8), (3, 15, 8), (4, 15, 16), (5, 16, 16), (6, 16, 24), (7, 16, 24), (9, 16, 24)]
)
def test_every_right_that_the_kernel_knows_is_handled(abi: int, rights: int, size: int) -> None:
    assert landlock.handled_file_rights(abi) == 2**rights - 1
    assert len(landlock.ruleset(abi)) == size


def test_the_nodes_of_a_gpu_are_bound_by_name_and_no_others() -> None:
    nodes = ("/dev/nvidiactl", "/dev/nvidia0")
    given = Reach(interpreter="/p", import_path=(), packages={}, trees=("/sys",), required=(), devices=nodes)

    said = namespaces.arguments("bwrap", given, ENVIRONMENT, root=False)

    assert pairs(said, "--dev-bind") == [(node, node) for node in nodes]
    assert said.index("--dev-bind") < said.index("--remount-ro")
    assert "/sys" in reach.reach("lorascan.sandbox.payload", (), nodes).trees
    assert "/sys" not in reach.reach("lorascan.sandbox.payload", ()).trees
