"""Files that the user names are read whole or not at all."""

import os
import tracemalloc
from pathlib import Path
from threading import Timer

import pytest

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError


def test_a_file_as_large_as_the_bound_is_read(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"12345")
    assert read_bounded(tmp_path / "list", 5, "list") == b"12345"


def test_a_larger_file_is_refused_and_never_cut(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"123456")
    with pytest.raises(UsageError, match=r"cannot read the list .*more than 5 bytes"):
        read_bounded(tmp_path / "list", 5, "list")


@pytest.mark.parametrize("name", [".", "missing"])
def test_what_is_no_file_is_named_with_its_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot read the policy .*(Is a directory|No such file)"):
        read_bounded(tmp_path / name, 5, "policy")


def test_a_path_with_a_nul_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"cannot read the policy .*null"):
        read_bounded(Path("a\x00b"), 5, "policy")


@pytest.mark.parametrize("writers", [0, 1])
def test_a_named_pipe_is_refused_at_once_with_a_writer_and_without(tmp_path: Path, writers: int) -> None:
    os.mkfifo(tmp_path / "policy")
    held = [os.open(tmp_path / "policy", os.O_RDWR) for _ in range(writers)]
    try:
        with pytest.raises(UsageError, match=r"cannot read the policy .*no regular file"):
            read_bounded(tmp_path / "policy", 5, "policy")
    finally:
        for each in held:
            os.close(each)


def test_a_link_to_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy").symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="no regular file"):
        read_bounded(tmp_path / "policy", 5, "policy")


def test_what_a_shell_hands_over_is_read_and_waited_for() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        os.write(writing, b"12345")
        os.close(writing)

    late = Timer(0.2, write)
    late.start()
    try:
        assert read_bounded(Path(f"/dev/fd/{reading}"), 5, "policy") == b"12345"
    finally:
        late.join()
        os.close(reading)


def test_the_empty_device_is_an_empty_file() -> None:
    assert read_bounded(Path("/dev/null"), 5, "config") == b""


def test_a_small_file_costs_little_memory_however_large_the_bound(tmp_path: Path) -> None:
    (tmp_path / "result").write_bytes(b"12345")
    tracemalloc.start()
    try:
        assert read_bounded(tmp_path / "result", 2**31, "result") == b"12345"
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
