"""Where settings come from, and where they never come from."""

from pathlib import Path

import pytest

from lorascan.config import discover, effective
from lorascan.core.errors import UsageError
from lorascan.core.findings import Severity

WAIVER = f'[[waiver]]\nrule = "LS608"\nsha256 = "{"ab" * 32}"\nexpires = 2027-06-30\nreason = "ours"\nby = "me"\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with a config at its root, and a folder for adapters."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "adapters").mkdir()
    (tmp_path / "repo" / "lorascan.toml").write_text('policy = "strict"\nfail-on = "low"\n')
    return tmp_path / "repo"


def test_the_nearest_config_up_to_git_is_read_and_none_above(repository: Path) -> None:
    inner = repository / "a" / "b"
    inner.mkdir(parents=True)
    (repository.parent / "lorascan.toml").write_text('policy = "research"')

    assert discover(inner, []) == (repository / "lorascan.toml", ())
    (repository / "lorascan.toml").unlink()
    assert discover(inner, []) == (None, ())
    (inner / "pyproject.toml").write_text("[tool.lorascan]\nseed = 3\n[tool.other]\nx = 1\n")
    assert effective({}, start=inner, environ={}).config.seed == 3


def test_outside_a_repository_only_the_working_directory_counts(tmp_path: Path) -> None:
    (tmp_path / "lorascan.toml").write_text('policy = "research"')
    inner = tmp_path / "inner"
    inner.mkdir()

    assert discover(inner, []) == (None, ())
    assert discover(tmp_path, [])[0] == tmp_path / "lorascan.toml"


def test_a_config_that_came_with_what_is_scanned_is_never_read(repository: Path) -> None:
    adapters = repository / "adapters"
    planted = adapters / "lorascan.toml"
    planted.write_text('policy = "research"')
    (adapters / "deep").mkdir()

    for start, scanned in (
        (adapters, adapters / "x.safetensors"),
        (adapters, adapters),
        (adapters / "deep", adapters),
    ):
        found = effective({}, start=start, scanned=[scanned], environ={})
        assert (found.path, found.config.policy) == (repository / "lorascan.toml", "strict")
        assert found.ignored == (planted,)
    link = repository / "link"
    link.symlink_to(adapters)
    assert effective({}, start=link, scanned=[adapters / "x.safetensors"], environ={}).ignored == (planted,)


def test_of_a_linked_adapter_the_folder_of_the_link_is_not_believed_either(tmp_path: Path) -> None:
    """As a hub's cache lays files out, and as a cloned repository may."""
    for each in ("blobs", "snapshots/abc"):
        (tmp_path / each).mkdir(parents=True)
    snapshot = tmp_path / "snapshots" / "abc"
    (tmp_path / "blobs" / "aaaa").write_bytes(b"")
    (tmp_path / "blobs" / "bbbb").write_text('policy = "research"')
    (snapshot / "x.safetensors").symlink_to("../../blobs/aaaa")
    (snapshot / "lorascan.toml").symlink_to("../../blobs/bbbb")

    found = effective({}, start=snapshot, scanned=[snapshot / "x.safetensors"], environ={})
    assert (found.path, found.config.policy) == (None, "ci")
    assert found.ignored == (snapshot / "lorascan.toml",)


@pytest.mark.parametrize(
    "content", [b"# lorascan\n" + b"a." * 300_000 + b"a = 1", b"lorascan = [", b"\xff lorascan", b"lorascan " * 200_000]
)
def test_a_file_that_is_not_believed_is_not_even_parsed(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dotted keys take tomllib quadratic time."""
    monkeypatch.setattr("lorascan.config._parsed", lambda *_: pytest.fail("it was parsed"))
    (tmp_path / "pyproject.toml").write_bytes(content)
    (tmp_path / "x.safetensors").write_bytes(b"")

    assert effective({}, start=tmp_path, scanned=[tmp_path / "x.safetensors"], environ={}).path is None


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(repository: Path) -> None:
    environ = {"LORASCAN_POLICY": "static", "LORASCAN_SEED": "5", "LORASCAN_DECLARED": "one, two words", "LORASCAN_CACHE": "false"}

    found = effective({"policy": "ci", "seed": None}, start=repository, environ=environ)

    assert (found.config.policy, found.config.seed, found.config.fail_on) == ("ci", 5, Severity.LOW)
    assert found.config.declared == ("one", "two words")
    assert found.config.cache is False
    assert found.origins["policy"] == "command line"
    assert found.origins["seed"] == "LORASCAN_SEED"
    assert found.origins["fail_on"].endswith("lorascan.toml")


def test_a_named_config_is_the_only_one(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("seed = 9")

    assert effective({}, file=other, start=repository, environ={}).config.policy == "ci"
    assert effective({}, start=repository, environ={"LORASCAN_CONFIG": str(other)}).config.seed == 9


@pytest.mark.parametrize(("text", "told"), [
    ('polcy = "ci"', "did you mean 'policy'"),
    ('fail-onn = "low"', "did you mean 'fail-on'"),
    ("exit-zero = true", "unknown key 'exit-zero'"),
    ('seed = "many"', "seed"),
    ('isolation = "none"', "there is no 'none': auto, namespaces, process, container; none-at-my-own-risk runs WITHOUT a lock"),
    ("seed = ", "no TOML"),
    (WAIVER.replace('by = "me"\n', ""), "waiver.0.by"),
    (WAIVER.replace("LS608", "LS104"), "cannot be waived"),
    (WAIVER.replace("reason", "reasons"), "reason"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_and_the_file_named(repository: Path, text: str, told: str) -> None:
    (repository / "lorascan.toml").write_text(text)

    with pytest.raises(UsageError, match=told) as caught:
        effective({}, start=repository, environ={})
    assert "lorascan.toml" in str(caught.value)


def test_a_variable_that_nobody_knows_is_refused_so_that_a_typo_weakens_no_gate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"LORASCAN_POLCIY.*did you mean 'policy'"):
        effective({}, start=tmp_path, environ={"LORASCAN_POLCIY": "strict"})


def test_paths_in_a_config_are_relative_to_it(repository: Path) -> None:
    (repository / "house.toml").write_text("")
    (repository / "lorascan.toml").write_text('policy = "house.toml"\nblock-list = "bad.txt"\n' + WAIVER)

    config = effective({}, start=repository / "adapters", environ={}).config

    assert config.policy == str(repository / "house.toml")
    assert config.block_list == repository / "bad.txt"
    assert config.waiver[0].rule == "LS608"


@pytest.mark.parametrize("name", ["policy", "base", "scorer", "allow-list", "block-list", "baseline", "cache-dir"])
def test_a_nul_in_a_path_is_refused_before_the_path_is_used(repository: Path, name: str) -> None:
    (repository / "lorascan.toml").write_text(f'{name} = "a\\u0000b.toml"')

    with pytest.raises(UsageError, match=rf"lorascan.toml: {name}: no path holds a NUL"):
        effective({}, start=repository, environ={})
