"""What no command expected still ends with a line and a code that is no verdict."""

import errno
import os
from pathlib import Path

import pytest

from lorascan.cache import Cache
from tests.cli.in_process import Called, caller


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    return caller(monkeypatch, capsys)


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """`lorascan cache stats` ends with this error."""

    def raise_it(_cache: Cache) -> None:
        raise error

    monkeypatch.setattr(Cache, "stats", raise_it)


@pytest.mark.parametrize("filename", ["/some/file", b"/some/file", Path("/some/file")])
def test_an_error_about_a_file_names_the_file(
    tmp_path: Path, call: Called, monkeypatch: pytest.MonkeyPatch, filename: str | bytes | Path
) -> None:
    failing(monkeypatch, OSError(errno.EACCES, os.strerror(errno.EACCES), filename))

    code, _, said = call("cache", "stats", "--cache-dir", tmp_path)
    assert (code, said) == (3, "lorascan: cannot read or write /some/file: Permission denied\n")


def test_too_little_memory_is_no_reject(tmp_path: Path, call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, MemoryError())

    assert call("cache", "stats", "--cache-dir", tmp_path) == (3, "", "lorascan: out of memory\n")


def test_a_library_that_cannot_be_loaded_is_no_reject_and_told_in_a_line(
    tmp_path: Path, call: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ImportError("\nREAD THIS\n\nx.so: failed to map segment from shared object\n"))

    code, _, said = call("cache", "stats", "--cache-dir", tmp_path)
    assert (code, said) == (3, "lorascan: cannot import: x.so: failed to map segment from shared object\n")


def test_clearing_a_cache_passes_over_a_folder_that_is_named_like_an_entry(tmp_path: Path, call: Called) -> None:
    (tmp_path / "cache" / "ab" / "x.json").mkdir(parents=True, mode=0o700)
    (tmp_path / "cache").chmod(0o700)

    for command in ("stats", "prune", "clear"):
        code, out, _ = call("cache", command, "--cache-dir", tmp_path / "cache")
        assert (code, "0 results" in out) == (0, True)
