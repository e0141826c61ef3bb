"""What stands beside adapters in a folder, and what concerns which of them."""

import os
from pathlib import Path

import pytest

import lorascan
from lorascan.core.errors import UsageError
from lorascan.core.surroundings import Surroundings
from lorascan.intake.folders import survey
from lorascan.targets import select
from tests.hostile.builders import adapter, pickle_that_calls
from tests.hostile.pickles import EVIL, START, STOP, archive, called, named, number

ELF = b"\x7fELF\x02\x01\x01" + bytes(99)
EMPTY_ARRAY = called("numpy.core.multiarray", "_reconstruct", named("numpy", "ndarray") + b"(" + number(0) + b"tC\x01b")
HONEST = {
    "README.md": b"---\ntags: [lora]\n---\nimport torch; <lora:x:1> https://host.example",
    "LICENSE": b"Apache",
    ".gitattributes": b"*.safetensors filter=lfs",
    "preview.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "config.json": b'{"auto_map": null}',
    "MZungu.txt": b"MZ is how this text begins",
    "dataset.zip": archive({"a/1.png": b"\x89PNG", "a/1.txt": b"a dog"}),
    "random_states_0.pkl": START + EMPTY_ARRAY + STOP,
    ".git/hooks/pre-commit": b"#!/bin/sh\n",
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def only(folder: Path) -> Surroundings:
    ((_, found),) = survey(folder)
    return found


def test_what_honest_authors_put_beside_their_weights_is_silent(tmp_path: Path) -> None:
    """A card, pictures, training state, a dataset, the repository's own hooks."""
    found = only(write(tmp_path, {"a.safetensors": adapter(), **HONEST}))

    assert (found.neighbours, found.links, found.refusals, found.unread) == ((), (), (), ())


@pytest.mark.parametrize(
    ("name", "content"),
    [("pipeline.py", b""), ("a.png", ELF), ("run", b"#!/bin/sh\nid"), ("x/y/lib.so", b""), ("Setup.EXE", b""), ("a.lnk", b"")],
)
def test_code_is_found_by_content_and_by_suffix(name: str, content: bytes, tmp_path: Path) -> None:
    """In any folder below."""
    assert [each.path for each in only(write(tmp_path, {"a.safetensors": adapter(), name: content})).neighbours] == [name]


@pytest.mark.parametrize(
    "config",
    [b'{"auto_map": {"AutoModel": "modeling_x.X"}}', b'{"custom_pipeline": "modeling_x.py"}', b'{"unet": ["modeling_x", "X"]}'],
)
def test_code_that_a_config_names_is_worse(config: bytes, tmp_path: Path) -> None:
    """A loader with trust_remote_code imports it."""
    (found,) = only(write(tmp_path, {"a.safetensors": adapter(), "modeling_x.py": b"", "config.json": config})).neighbours

    assert found.named_by == "config.json"


def test_pickles_and_archives_beside_the_weights_are_looked_into(tmp_path: Path) -> None:
    """Whatever they are called."""
    files = {"a.pkl": START + EVIL + STOP, "b.dat": archive({"../../x": b""}), "c.zip": archive({"d.pkl": pickle_that_calls()})}

    found = only(write(tmp_path, {"a.safetensors": adapter(), **files}))

    assert sorted((each.message.partition(":")[0], each.code) for each in found.refusals) == [
        ("a.pkl", "LS301"), ("b.dat", "LS306"), ("c.zip", "LS301"),
    ]  # fmt: skip


def test_a_link_that_leaves_the_folder_is_found_and_one_that_stays_is_not(tmp_path: Path) -> None:
    """Absolute, relative, to a folder, to nothing."""
    folder = write(tmp_path / "in", {"a.safetensors": adapter(), "sub/b.txt": b""})
    (tmp_path / "out").mkdir()
    for name, target in {"1": "/etc/passwd", "2": "../out", "3": "../nowhere", "4": "sub/b.txt", "5": "sub", "6": "6"}.items():
        (folder / name).symlink_to(target)

    assert [path for path, _ in only(folder).links] == ["1", "2", "3"]


@pytest.mark.parametrize("target", ["models--o--n/snapshots/0f", "models--o--n", "models--o--n/snapshots/0f/lora"])
def test_the_links_of_a_hub_cache_are_how_it_is_built(target: str, tmp_path: Path) -> None:
    """A snapshot is links into the blobs beside it."""
    cache = tmp_path / "models--o--n"
    write(cache, {"blobs/98ea": adapter(), "blobs/77": b"---\n", "snapshots/0f/lora/x.txt": b""})
    (cache / "snapshots/0f/lora/a.safetensors").symlink_to("../../../blobs/98ea")
    (cache / "snapshots/0f/README.md").symlink_to("../../blobs/77")

    assert only(tmp_path / target).links == ()


def test_a_cache_of_that_shape_cannot_excuse_other_links(tmp_path: Path) -> None:
    """Only blobs beside the snapshots are fine."""
    snapshot = write(tmp_path / "models--o--n/snapshots/0f", {"a.safetensors": adapter()})
    (snapshot / "b.safetensors").symlink_to("/etc/passwd")
    (snapshot / "c.txt").symlink_to("../../../other/blobs/1")

    found = survey(snapshot)[0][1]
    assert {path for path, _ in found.links_of_others} == {"b.safetensors"}
    assert {path for path, _ in found.links_apart} == {"c.txt"}


def test_what_stands_beside_one_adapter_does_not_concern_another(tmp_path: Path) -> None:
    """A folder of many adapters; what stands apart concerns all."""
    files = {"a/1.safetensors": adapter(), "b/2.safetensors": adapter(), "b/c/3.bin": b"", "b/run.py": b"", "tools/x.sh": b""}

    found = {path.name: {each.path for each in beside.neighbours} for path, beside in survey(write(tmp_path, files))}

    assert found == {
        "1.safetensors": {"tools/x.sh"},
        "2.safetensors": {"b/run.py", "tools/x.sh"},
        "3.bin": {"b/run.py", "tools/x.sh"},
    }


@pytest.mark.timeout(10)
def test_no_entry_of_a_folder_hangs_the_survey(tmp_path: Path) -> None:
    """Pipes, loops, deep nests."""
    folder = write(tmp_path, {"a.safetensors": adapter(), "/".join("d" * 40) + "/x.py": b""})
    for name in ("pipe", "config.json", "b.safetensors"):
        os.mkfifo(folder / name)
    (folder / "loop").symlink_to(".")

    found = dict(survey(folder))

    assert {each.name for each in found} == {"a.safetensors", "b.safetensors"}
    assert len(next(iter(found.values())).unread) == 3


def test_a_command_line_means_each_file_once(tmp_path: Path) -> None:
    """Folder, file and glob may overlap; a file that was named outright is judged alone."""
    write(tmp_path, {"a.safetensors": adapter(), "b.safetensors": adapter(), "run.py": b""})

    named = select([str(tmp_path / "a.safetensors")])
    both = select([str(tmp_path / "a.safetensors"), str(tmp_path), str(tmp_path / "*.safetensors"), str(tmp_path / "no")])

    assert (len(named.targets), named.many, named.targets[0].surroundings) == (1, False, None)
    assert [each.path.name for each in both.targets] == ["a.safetensors", "b.safetensors"]
    assert all(each.surroundings and each.surroundings.neighbours for each in both.targets)
    assert (both.missing, both.many) == ((str(tmp_path / "no"),), True)


def test_a_folder_without_adapters_means_nothing(tmp_path: Path) -> None:
    """That is no input, and no admit."""
    assert select([str(write(tmp_path, {"x.py": b""}))]).targets == ()


def test_a_folder_of_one_adapter_is_audited_from_python_too(tmp_path: Path) -> None:
    """With what stands beside it; a folder of several is for the caller to take apart."""
    folder = write(tmp_path, {"a.safetensors": adapter(), "run.py": b""})

    assert "LS304" in {each.rule.code for each in lorascan.audit(folder, policy="static").findings}
    write(tmp_path, {"b.safetensors": adapter()})
    with pytest.raises(UsageError, match="2 adapters"):
        lorascan.audit(folder, policy="static")


def among_several(folder: Path, link: str, **files: bytes) -> dict[str, tuple[int, int, int]]:
    """Of two adapters beside a link out of their folder: how many links are its own, nobody's, another's."""
    write(folder, {"a.safetensors": adapter(), "b.safetensors": adapter(), **files})
    (folder / link).symlink_to("/etc/passwd")
    return {path.name: (len(found.links), len(found.links_apart), len(found.links_of_others)) for path, found in survey(folder)}


@pytest.mark.parametrize("link", ["notes.txt", ".hidden", "ab.json", "images"])
def test_a_stray_link_among_several_adapters_is_told_of_each_and_is_nobody_s(tmp_path: Path, link: str) -> None:
    assert among_several(tmp_path, link) == {"a.safetensors": (0, 1, 0), "b.safetensors": (0, 1, 0)}


@pytest.mark.parametrize("link", ["a.txt", "a.preview.png", "a.safetensors.json"])
def test_a_link_named_after_one_of_several_adapters_is_that_one_s(tmp_path: Path, link: str) -> None:
    assert among_several(tmp_path, link) == {"a.safetensors": (1, 0, 0), "b.safetensors": (0, 0, 1)}


def test_an_adapter_that_is_a_link_out_is_its_own(tmp_path: Path) -> None:
    found = among_several(tmp_path, "c.safetensors")

    assert found == {"a.safetensors": (0, 0, 1), "b.safetensors": (0, 0, 1), "c.safetensors": (1, 0, 0)}


@pytest.mark.parametrize("part", ["adapter_config.json", "model_index.json"])
def test_in_a_package_a_link_concerns_every_adapter(tmp_path: Path, part: str) -> None:
    assert among_several(tmp_path, "notes.txt", **{part: b"{}"}) == {"a.safetensors": (1, 0, 0), "b.safetensors": (1, 0, 0)}
