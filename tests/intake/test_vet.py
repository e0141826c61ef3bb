"""The front door: what comes in, and what is refused for which reason."""

import hashlib
import json
import os
import tempfile
import threading
import time
from pathlib import Path

import pytest

from lorascan.core.errors import Refused, Unavailable
from lorascan.intake import receive, vet, vet_received
from lorascan.settings import Limits
from tests.hostile.builders import adapter, container, entries, kohya_tensors
from tests.hostile.files import REFUSED

LIMITS = Limits()
NOBODY = 65_534  # the user that owns nothing, by custom
REAL = Path(__file__).parent.parent / "data" / "real_adapters"


def write(folder: Path, content: bytes, name: str = "a.safetensors") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_bad_file_is_refused_for_its_own_reason(sentence: str, tmp_path: Path) -> None:
    """Every hostile file is refused within two seconds, and its decisive refusal names the fault."""
    code, content = REFUSED[sentence]
    began = time.process_time()

    with pytest.raises(Refused) as caught:
        vet(write(tmp_path, content), LIMITS)

    assert caught.value.refusals[0].code == code, str(caught.value)
    assert time.process_time() - began < 2.0


def test_an_honest_adapter_is_read_with_its_identity(tmp_path: Path) -> None:
    """Digests, counts and places are those of the bytes."""
    content = adapter({"format": "pt"}, padding=b"   ")

    vetted = vet(write(tmp_path, content), LIMITS)

    facts = vetted.facts
    data_start = 8 + facts.header_bytes
    assert facts.sha256 == hashlib.sha256(content).hexdigest()
    assert facts.autov2 == facts.sha256[:10]
    assert facts.autov3 == hashlib.sha256(content[data_start:]).hexdigest()[:12]
    assert (facts.size, facts.tensor_count, facts.header_padding) == (len(content), 6, 3)
    assert facts.dtypes == {"F16": 4, "F32": 2}
    assert facts.odd_names == ()
    assert bytes(vetted.content) == content
    assert vetted.content.readonly
    assert vetted.spans[0].start == data_start
    assert vetted.spans[-1].stop == len(content)


def test_the_tensor_hash_ignores_metadata_and_layout(tmp_path: Path) -> None:
    """It is the same for the same tensors in another order, and another for another tensor."""
    laid, payload = entries(kohya_tensors())
    shuffled = container(dict(reversed(laid.items())), payload)
    changed = container(laid, payload[:-1] + b"\xff")

    plain, other, different = (
        vet(write(tmp_path, each, f"{number}.safetensors"), LIMITS).facts
        for number, each in enumerate((adapter({"a": "b"}), shuffled, changed))
    )

    assert plain.tensor_hash == other.tensor_hash != different.tensor_hash
    assert plain.sha256 != other.sha256


def test_the_tensor_hash_is_the_same_whether_the_file_lies_in_its_order_or_not(tmp_path: Path) -> None:
    """Where it does, the digest of the data area at hand is used; a reader who hashes tensor by tensor finds the same."""
    shapes = {"b": ("F16", (2, 3)), "c": ("F32", (3,)), "a": ("F16", (4,))}
    found = set()
    for order in ("cab", "abc", "bca"):
        laid, payload = entries({name: shapes[name] for name in order})
        places = {name: laid[name]["data_offsets"] for name in order}  # type: ignore[index]
        numbered = bytearray(payload)
        for number, name in enumerate("abc"):
            numbered[slice(*places[name])] = bytes([number]) * (places[name][1] - places[name][0])
        found.add(vet(write(tmp_path, container(laid, bytes(numbered))), LIMITS).facts.tensor_hash)

    lines = "".join(json.dumps([name, *shapes[name]]) + "\n" for name in "cab")
    inner = hashlib.sha256(b"\2" * 12 + b"\0" * 8 + b"\1" * 12).hexdigest()
    assert found == {hashlib.sha256((lines + inner).encode()).hexdigest()}


def test_autov3_begins_behind_a_header_of_many_reads(tmp_path: Path) -> None:
    """The file is hashed piece by piece while it is copied."""
    content = adapter({"note": "x" * 5_000_000})

    facts = vet(write(tmp_path, content), LIMITS).facts

    assert facts.autov3 == hashlib.sha256(content[8 + facts.header_bytes :]).hexdigest()[:12]
    assert facts.sha256 == hashlib.sha256(content).hexdigest()


def test_the_copy_outlives_a_file_that_is_overwritten(tmp_path: Path) -> None:
    """What is audited is what was hashed, whatever happens to the path afterwards."""
    path = write(tmp_path, adapter())
    received = receive(path, LIMITS)
    path.write_bytes(b"something else")

    vetted = vet_received(received, LIMITS)

    assert vetted.facts.sha256 == received.identity.sha256 == hashlib.sha256(vetted.content).hexdigest()


def test_a_report_can_call_the_file_by_another_name(tmp_path: Path) -> None:
    """Bytes from standard input have no name of their own."""
    assert vet(write(tmp_path, adapter()), LIMITS, name="from stdin").facts.name == "from stdin"


@pytest.mark.timeout(5)
def test_what_is_no_regular_file_never_hangs_the_audit(tmp_path: Path) -> None:
    """A pipe without a writer, a device, a folder, a missing file."""
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)

    for path in (pipe, Path("/dev/zero"), tmp_path, tmp_path / "missing", tmp_path / "nul\0"):
        with pytest.raises(Unavailable):
            vet(path, LIMITS)


def test_a_file_without_permission_is_unavailable() -> None:
    """That is no verdict on the file. Root reads everything, and is nobody for as long as it asks."""
    own = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = write(Path(folder), adapter())
        path.chmod(0)
        if own == 0:
            os.seteuid(NOBODY)
        try:
            with pytest.raises(Unavailable, match=r"cannot be read.*Permission denied"):
                vet(path, LIMITS)
        finally:
            os.seteuid(own)


def test_a_file_above_the_limit_is_unavailable_before_it_is_copied(tmp_path: Path) -> None:
    """A sparse terabyte costs nothing."""
    path = tmp_path / "large.safetensors"
    with path.open("wb") as large:
        large.truncate(2**40)

    with pytest.raises(Unavailable, match="larger"):
        vet(path, LIMITS)


def test_a_file_that_changes_while_it_is_read_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of one file and half of another is neither."""
    path = write(tmp_path, adapter())
    real = os.readv

    def readv_and_grow(descriptor: int, buffers: list[memoryview]) -> int:
        with path.open("ab") as stream:
            stream.write(b"!")
        return real(descriptor, buffers)

    monkeypatch.setattr(os, "readv", readv_and_grow)
    with pytest.raises(Unavailable, match="changed"):
        vet(path, LIMITS)


def test_all_faults_are_told_and_the_polyglot_too(tmp_path: Path) -> None:
    """A trailing zip is trailing bytes and an archive."""
    with pytest.raises(Refused) as caught:
        vet(write(tmp_path, REFUSED["a zip behind the last tensor"][1]), LIMITS)

    assert [each.code for each in caught.value.refusals] == ["LS104", "LS110"]


def test_a_truncated_file_says_how_many_bytes_are_missing(tmp_path: Path) -> None:
    """The user learns that the download broke."""
    with pytest.raises(Refused, match="17 bytes missing") as caught:
        vet(write(tmp_path, adapter()[:-17]), LIMITS)

    assert caught.value.refusals[0].measured == 17


def test_a_pickle_names_what_it_would_call_and_the_lie_in_its_name(tmp_path: Path) -> None:
    """It is walked, never loaded."""
    path = write(tmp_path, REFUSED["a PyTorch checkpoint that calls"][1])

    with pytest.raises(Refused) as caught:
        vet(path, LIMITS)

    found = {each.code: each for each in caught.value.refusals}
    assert found.keys() == {"LS301", "LS302"}
    assert found["LS301"].measured == "os.system"


@pytest.mark.parametrize("path", ["cloneofsimo/lora_disney", "cloneofsimo/analog_svd_rank4", "catundchat/pytorch_lora_weights"])
def test_a_real_adapter_is_read(path: str) -> None:
    """Published files pass the strict gate."""
    vetted = vet(REAL / f"{path}.safetensors", LIMITS)

    assert vetted.facts.tensor_count > 200


def test_thousands_of_tensors_are_read_in_half_a_second(tmp_path: Path) -> None:
    """The parser is linear."""
    tensors = {f"lora_unet_{number}.lora_down.weight": ("F16", (4, 32)) for number in range(10_000)}
    path = write(tmp_path, container(*entries(tensors)))
    vet(write(tmp_path, adapter(), "warm.safetensors"), LIMITS)  # imports what the library needs once
    began = time.process_time()

    vet(path, LIMITS)

    assert time.process_time() - began < 1.0  # 0.3 s on an idle core


def open_files() -> int:
    listed = Path("/proc/self/fd")
    return len(list(listed.iterdir())) if listed.is_dir() else 0


def test_nothing_is_left_open(tmp_path: Path) -> None:
    """Neither the file nor the probe for the library."""
    path = write(tmp_path, adapter())
    vet(path, LIMITS)
    before = open_files()

    for _ in range(5):
        vet(path, LIMITS)

    assert open_files() == before
    assert threading.active_count() < 10


def test_a_list_of_phrases_may_be_json(tmp_path: Path) -> None:
    """Both spellings of declared triggers are in use."""
    content = adapter({"trained_words": json.dumps(["sks dog", "zwx"]), "instance_prompt": "a photo, of tok"})

    assert vet(write(tmp_path, content), LIMITS).facts.claims.triggers == ("sks dog", "zwx", "a photo", "of tok")
