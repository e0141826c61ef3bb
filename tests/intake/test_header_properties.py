"""Whatever the bytes, the answer is a vetted file or a refusal."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize

from lorascan.core.adapter import FileIdentity, VettedFile
from lorascan.core.errors import Refused
from lorascan.intake import Received, vet_received
from lorascan.intake.header import BITS, read_header
from lorascan.intake.strict_json import too_large
from lorascan.settings import Limits
from tests.hostile.builders import BYTES, adapter, container, entries

LIMITS = Limits()
SOUND = adapter({"format": "pt", "note": 'a \\ " ü'})
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda name: name != "__metadata__")
TENSORS = st.dictionaries(
    NAMES,
    st.tuples(st.sampled_from(sorted(BYTES)), st.lists(st.integers(0, 4), max_size=4).map(tuple)),
    max_size=6,
)


def answer(content: bytes) -> VettedFile | Refused:
    identity = FileIdentity(name="a.safetensors", path="a.safetensors", size=len(content), sha256="")
    try:
        return vet_received(Received(identity=identity, content=memoryview(content)), LIMITS)
    except Refused as refused:
        return refused


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(content: bytes) -> None:
    """Random bytes hardly ever get far; they must still be answered."""
    assert isinstance(answer(content), Refused)


@settings(deadline=None)
@given(JSON_VALUES, st.binary(max_size=32))
def test_any_json_header_is_answered(header: object, payload: bytes) -> None:
    """JSON of any shape in the place of the header."""
    answer(container(json.dumps(header).encode("utf-8", "surrogatepass"), payload))


@settings(deadline=None)
@given(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=4))
def test_a_sound_file_with_some_bytes_changed_is_answered(at: int, patch: bytes) -> None:
    """And where we accept it, the library accepts it too."""
    content = SOUND[:at] + patch + SOUND[at + len(patch) :]

    if isinstance(answer(content), VettedFile):
        deserialize(content)


@settings(deadline=None)
@given(TENSORS, st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=12), max_size=4))
def test_what_the_library_reads_we_read_alike(tensors: dict[str, tuple[str, tuple[int, ...]]], metadata: dict[str, str]) -> None:
    """Names, dtypes, shapes and the very bytes of every tensor."""
    laid, payload = entries(tensors)
    content = container({"__metadata__": metadata, **laid}, payload)

    spans = read_header(memoryview(content), LIMITS).spans

    theirs = {name: (each["dtype"], tuple(each["shape"]), bytes(each["data"])) for name, each in deserialize(content)}
    assert {each.name: (each.dtype, each.shape, content[each.start : each.stop]) for each in spans} == theirs


@pytest.mark.parametrize("dtype", BITS)
def test_we_know_every_dtype_of_the_library_by_its_size(dtype: str) -> None:
    """Eight elements take as many bytes as one has bits; one byte less is refused by both."""
    size = BITS[dtype]
    header = {"a": {"dtype": dtype, "shape": [8], "data_offsets": [0, size]}}

    assert read_header(memoryview(container(header, bytes(size))), LIMITS).spans[0].dtype == dtype
    assert deserialize(container(header, bytes(size)))[0][1]["dtype"] == dtype
    header["a"]["data_offsets"] = [0, size - 1]
    with pytest.raises(SafetensorError):
        deserialize(container(header, bytes(size - 1)))


@settings(deadline=None)
@given(JSON_VALUES)
def test_the_depth_scan_agrees_with_the_parsed_value(value: object) -> None:
    """Brackets inside strings do not count."""

    def depth(each: object) -> int:
        if isinstance(each, dict):
            return 1 + max(map(depth, each.values()), default=0)
        return 1 + max(map(depth, each), default=0) if isinstance(each, list) else 0

    raw = json.dumps(value).encode()

    assert not too_large(raw, depth=depth(value), items=1_000)
    if depth(value):
        assert too_large(raw, depth=depth(value) - 1, items=1_000)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", [b'"', b'\\"', b"[", b"{}", b'"",', b"[],", b'{"', b"\\", b'"\\', b"\xff", b"9"])
def test_no_header_of_eight_million_bytes_is_slow(unit: bytes) -> None:
    """Repetition is what turns a scan quadratic."""
    raw = b'{"a":' + unit * (8_000_000 // len(unit)) + b"}"

    with pytest.raises(Refused):
        read_header(memoryview(container(raw)), LIMITS)
