"""Pickles are read from their opcodes: what they hold, what they would call, what would exhaust their loader."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascan.core.adapter import FileIdentity, VettedFile
from lorascan.core.errors import Refused
from lorascan.intake import Received, vet, vet_received
from lorascan.intake.pickle_walk import walk
from lorascan.intake.pickles import imports
from lorascan.settings import Limits
from tests.hostile.pickles import EVIL, START, STOP, Tensors, called, checkpoint, legacy, named, number, state_dict, tensor, text

LIMITS = Limits()
REAL = Path(__file__).parent.parent / "data" / "real_adapters" / "catundchat"
TWO: Tensors = {"a": ("Float", (2, 3), struct.pack("<6f", *range(6))), "b": ("Half", (4,), bytes(8))}


def vetted(content: bytes, name: str = "a.bin") -> VettedFile:
    identity = FileIdentity(name=name, path=name, size=len(content), sha256="")
    return vet_received(Received(identity=identity, content=memoryview(content)), LIMITS)


def codes(content: bytes, name: str = "a.bin") -> list[str]:
    with pytest.raises(Refused) as caught:
        vetted(content, name)
    return [each.code for each in caught.value.refusals]


def held(file: VettedFile) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {each.name: (each.dtype, each.shape, bytes(file.content[each.start : each.stop])) for each in file.spans}


@pytest.mark.parametrize("write", [checkpoint, legacy])
def test_tensors_are_found_without_running_the_pickle(write: object) -> None:
    """Both of PyTorch's formats: names, types, shapes and the very bytes."""
    file = vetted(write(TWO))  # type: ignore[operator]

    assert held(file) == {"a": ("F32", (2, 3), TWO["a"][2]), "b": ("F16", (4,), bytes(8))}
    assert file.facts.container.startswith("PyTorch")
    assert file.facts.autov3 == ""


def test_the_published_pickle_holds_what_its_safetensors_twin_holds() -> None:
    """The same adapter, published in both formats."""
    ours, theirs = vet(REAL / "pytorch_lora_weights.bin", LIMITS), vet(REAL / "pytorch_lora_weights.safetensors", LIMITS)

    assert ours.facts.container == "PyTorch checkpoint"
    assert {(dtype, shape) for dtype, shape, _ in held(ours).values()} == {(dtype, shape) for dtype, shape, _ in held(theirs).values()}
    assert held(ours).keys() == held(theirs).keys()


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_writes_is_read_alike(zipped: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Parameters, transposed and shared storages, scalars and wrapped dicts."""
    import torch

    whole = torch.arange(12, dtype=torch.float16)
    tensors = {
        "plain": torch.ones(2, 3),
        "turned": torch.arange(6.0).reshape(2, 3).T,
        "half": whole[4:8],
        "parameter": torch.nn.Parameter(torch.zeros(3, dtype=torch.bfloat16)),
        "scalar": torch.tensor(4),
        "many": torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
        "spread": torch.tensor(1.5).expand(3),
    }
    torch.save({"state_dict": tensors, "step": 3, "note": "x"}, tmp_path / "a.bin", _use_new_zipfile_serialization=zipped)

    found = held(vet(tmp_path / "a.bin", LIMITS))

    for name, each in tensors.items():
        told = each.detach().contiguous().reshape(-1).view(torch.uint8)
        assert found[name][1:] == (tuple(each.shape), told.numpy().tobytes())


CALLS = {
    "a plain call": called("os", "system", text("true")),
    "a call by two strings": text("os") + text("system") + b"\x93" + b"(" + text("true") + b"tR",
    "a call behind strings that were dropped": text("os") + text("system") + text("collections") + b"0" + text("OrderedDict") + b"0\x93)R",
    "a call by strings from the memo": text("system") + b"q\x000" + text("os") + b"h\x00\x93)R",
    "an instance": b"(" + text("true") + b"ios\nsystem\n",
    "an object": b"(" + named("os", "system") + text("true") + b"o",
    "a new object": named("os", "system") + b")\x81",
    "an import alone": named("webbrowser", "open") + b"0N",
    "an attribute of an allowed name": named("collections", "OrderedDict.__init__.__globals__") + b"0N",
    "a name with a space": named("collections OrderedDict", "x") + b"0N",
    "another deserialiser": called("torch.storage", "_load_from_bytes", b"C\x00"),
    "a storage of any size": called("torch", "FloatStorage", number(2**30)),
    "an integer that genops refuses": b"I0x10\n0" + EVIL,
    "a module beyond ASCII": "cö\nsystem\n".encode(),
    "a name that a call makes": called("_codecs", "encode", text("os") + text("rot13")) + text("system") + b"\x93",
}


@pytest.mark.parametrize("case", CALLS)
def test_what_is_not_on_the_list_is_refused(case: str) -> None:
    """Default is deny, wherever the pickle stands."""
    before = CALLS[case] + (b"" if case.startswith("an import") else b"0")

    assert codes(state_dict(TWO, before=before))[0] == "LS301"
    assert codes(checkpoint(TWO, data=state_dict(TWO, before=before)))[0] == "LS301"
    assert codes(legacy(TWO, data=state_dict(TWO, before=before, last=b"N")))[0] == "LS301"


BOMBS = {
    "a memo place of four billion": b"Nr\xff\xff\xff\xff0",
    "a memo place in words": b"Np4000000000\n0",
    "a byte array of a terabyte": b"\x96" + struct.pack("<Q", 2**40) + b"0",
    "an array with a size before its content": called(
        "numpy.core.multiarray", "_reconstruct", named("numpy", "ndarray") + b"(" + number(2**30) + b"t" + b"C\x01b"
    ) + b"0",
    "a million opcodes and more": b"N0" * 500_001,
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_what_exhausts_its_loader_is_refused_in_time(case: str) -> None:
    """Before the loader would make room for it."""
    assert "LS309" in codes(checkpoint(TWO, data=state_dict(TWO, before=BOMBS[case])))


BROKEN = {
    "cut off": state_dict(TWO)[:-9],
    "with a byte that is no opcode": START + b"\xff" + STOP,
    "with an empty stack": START + b"0" + STOP,
    "without a mark": START + b"t" + STOP,
    "with an empty memo": START + b"h\x07" + STOP,
    "of a protocol to come": b"\x80\x09N" + STOP,
    "empty": b"",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_pickle_that_breaks_off_is_refused(case: str) -> None:
    """What stands before the fault has run by then."""
    assert codes(checkpoint(TWO, data=BROKEN[case]))[0] == "LS308"


def test_a_payload_before_the_fault_is_still_named() -> None:
    """Scanners that give up at the fault miss it."""
    assert codes(checkpoint(TWO, data=START + EVIL + b"\xff")) == ["LS301", "LS308"]


def zipped(**changes: object) -> bytes:
    return checkpoint(TWO, **changes)  # type: ignore[arg-type]


def test_a_member_is_judged_by_its_bytes_and_not_by_its_name() -> None:
    """A pickle may be called anything."""
    hidden = START + EVIL + STOP

    assert codes(zipped(more={"archive/data/7": hidden}))[0] == "LS301"
    assert codes(zipped(more={"archive/readme.txt": hidden}))[0] == "LS301"
    assert codes(zipped(more={"archive/old": EVIL + STOP}))[0] == "LS301"


UNREAD = {
    "a list": checkpoint(TWO, data=START + b"](N" + b"e" + STOP),
    "a number": checkpoint(TWO, data=START + b"N" + STOP),
    "a dict without tensors": checkpoint(TWO, data=START + b"}(" + text("a") + b"Nu" + STOP),
    "numbers of the other order": checkpoint(TWO, more={"archive/byteorder": b"big"}),
    "two roots": checkpoint(TWO, more={"other/data.pkl": state_dict(TWO)}),
    "a storage that is missing": checkpoint({"a": TWO["a"]}, data=state_dict(TWO)),
    "compressed storages": checkpoint({"a": ("Float", (64,), bytes(256))}, method=zipfile.ZIP_DEFLATED),
    "a tensor that is an array": checkpoint(
        TWO, data=START + b"}(" + text("a") + called("numpy.core.multiarray", "scalar", named("numpy", "dtype")) + b"u" + STOP
    ),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_cannot_be_found_without_running_is_said_and_refused(case: str) -> None:
    """Nothing in it is called dangerous."""
    assert set(codes(UNREAD[case])) <= {"LS303", "LS307"}


def test_a_tensor_reaches_no_further_than_its_storage() -> None:
    """Offsets, shapes and strides are a stranger's numbers."""
    data = START + b"}(" + text("a") + tensor("Float", "0", (2, 3), offset=1) + b"u" + STOP

    assert codes(checkpoint(TWO, data=data)) == ["LS105"]
    assert codes(checkpoint({"a": ("Float", (2, 3), bytes(20))})) == ["LS105"]


def test_one_storage_cannot_be_a_thousand_tensors() -> None:
    """What is small on disk must be small in memory."""
    views = b"".join(text(f"t{each}") + tensor("Float", "0", (4096,)) for each in range(1_000))

    assert codes(checkpoint({"a": ("Float", (4096,), bytes(16_384))}, data=START + b"}(" + views + b"u" + STOP)) == ["LS309"]


def test_a_legacy_file_that_is_cut_says_how_much_is_missing() -> None:
    """And one that goes on says so too."""
    with pytest.raises(Refused) as caught:
        vetted(legacy(TWO)[:-5])

    assert (caught.value.refusals[0].code, caught.value.refusals[0].measured) == ("LS103", 5)
    assert codes(legacy(TWO) + b"more") == ["LS104"]


def test_a_pickle_called_safetensors_is_a_lie() -> None:
    """Loaders that fall back unpickle it."""
    assert codes(checkpoint(TWO), "a.safetensors") == ["LS302"]
    assert codes(checkpoint(TWO, data=START + EVIL + STOP), "a.safetensors") == ["LS301", "LS302"]


def test_a_polyglot_hides_behind_no_hundred_thousand_opcodes() -> None:
    """A stream that goes on for so long is no chance."""
    assert imports(memoryview(b"N0" * 60_000 + EVIL + STOP))
    assert imports(memoryview(b"I0x10\n0" + EVIL + STOP)) == {"os system"}
    assert not imports(memoryview(b"N0" * 10 + b"\xff" + EVIL))


OPCODES = [
    *(b"N", b"(", b"t", b"0", b"1", b"2", b"}", b"]", b"a", b"d", b"e", b"l", b"s", b"u"),
    *(b"q\x00", b"h\x00", b"R", b"\x93", text("os")),
]


@given(st.lists(st.sampled_from(OPCODES), max_size=40))
def test_the_machine_breaks_off_exactly_where_the_interpreter_does(opcodes: list[bytes]) -> None:
    """Held against pickle itself, with an importer that imports nothing."""
    import pickle

    class Dry(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            found.append(f"{module} {name}")
            return dict

    found: list[str] = []
    content = b"".join(opcodes) + STOP
    ours = walk(memoryview(content), limit=1_000)
    try:
        Dry(io.BytesIO(content)).load()
    except Exception:  # noqa: BLE001 - whatever hostile opcodes raise
        pass
    else:
        assert not ours.fault
    assert set(found) <= ours.imports


@given(st.binary(max_size=300), st.sampled_from([b"", START, b"PK\x03\x04"]))
def test_any_bytes_are_walked(content: bytes, start: bytes) -> None:
    """Random opcodes end somewhere."""
    walk(memoryview(start + content), limit=1_000)
    with pytest.raises(Refused):
        vetted(start + content)


@settings(max_examples=60)
@given(st.integers(0, len(checkpoint(TWO)) - 1), st.binary(min_size=1, max_size=4))
def test_a_checkpoint_with_some_bytes_changed_is_answered(at: int, patch: bytes) -> None:
    """A vetted file or a refusal, never a traceback."""
    content = checkpoint(TWO)
    try:
        vetted(content[:at] + patch + content[at + len(patch) :])
    except Refused as refused:
        told = {each.code for each in refused.refusals}
        assert told <= {"LS101", "LS102", "LS103", "LS105", "LS110", "LS113", "LS301", "LS303", "LS306", "LS307", "LS308", "LS309"}, told
