"""Only what the cache wrote is an entry of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lorascan.cache import Cache
from tests.reporting.examples import honest

KEY = "ab" + "0" * 62
Place = Callable[[Path], object]


def _a_link_to_an_endless_file(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _a_link_to_an_entry(path: Path) -> None:
    Cache(path.parent.parent / "other").put(KEY, honest())
    path.symlink_to(path.parent.parent / "other" / "ab" / f"{KEY}.json")


def _an_endless_file(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**40)


STRANGE: dict[str, Place] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "link to an endless file": _a_link_to_an_endless_file,
    "link to an entry": _a_link_to_an_entry,
    "endless file": _an_endless_file,
}


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """Where the entry of KEY belongs."""
    path = tmp_path / "cache" / "ab" / f"{KEY}.json"
    path.parent.mkdir(parents=True, mode=0o700)
    return path


def test_an_entry_is_read_back(entry: Path) -> None:
    cache = Cache(entry.parent.parent)
    cache.put(KEY, honest())

    found = cache.get(KEY)
    assert found is not None
    assert found.verdict == honest().verdict


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.timeout(20)
def test_what_is_no_file_of_an_entrys_size_is_no_entry(entry: Path, kind: str) -> None:
    STRANGE[kind](entry)

    assert Cache(entry.parent.parent).get(KEY) is None


@pytest.mark.parametrize("kind", [each for each in STRANGE if each != "folder"])
def test_an_entry_takes_the_place_of_what_was_none_and_is_never_written_through_it(entry: Path, kind: str) -> None:
    STRANGE[kind](entry)
    cache = Cache(entry.parent.parent)

    cache.put(KEY, honest())

    assert cache.get(KEY) is not None
    assert not entry.is_symlink()


def test_a_folder_named_like_an_entry_is_neither_counted_nor_removed(entry: Path) -> None:
    entry.mkdir()
    cache = Cache(entry.parent.parent)
    cache.put("cd" + KEY[2:], honest())

    assert cache.stats().entries == 1
    assert cache.prune(older_than_days=1.0) == 0
    assert cache.clear() == 1
    assert entry.is_dir()
