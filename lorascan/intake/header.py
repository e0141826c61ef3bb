"""Reads a safetensors header, more strictly than the format asks."""

from dataclasses import dataclass
from math import prod

from lorascan.core.adapter import TensorSpan
from lorascan.core.errors import Refusal, Refused
from lorascan.intake import strict_json
from lorascan.intake.layout import check_layout
from lorascan.settings import Limits

PREFIX = 8  # bytes of the little-endian header length
BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8,
    "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
_FIELDS = {"dtype", "shape", "data_offsets"}
_WHITE_SPACE = b" \t\r\n"
_MAX_DIMENSIONS = 8  # a convolution over video has 5; more only slows every reader
_ITEMS_PER_TENSOR = 16  # JSON commas that one entry can need: 1 + 2 + 1 + 8, rounded up
_METADATA_ITEMS = 100_000  # key-value pairs; the largest training logs seen have a few hundred
_HEADER_DEPTH = 3  # {tensor: {shape: [ ]}}
_REPORTED = 20  # refusals listed for one file; the count of the rest is not needed to refuse it


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A parsed header: tensors by place, metadata as text. Sizes in bytes; `data_start` is absolute.

    `padding` is the white space behind the JSON; in a header of a megabyte or more all of it outside strings.
    """

    spans: tuple[TensorSpan, ...]
    metadata: dict[str, str]
    header_bytes: int
    padding: int

    @property
    def data_start(self) -> int:
        """Where the tensor bytes begin."""
        return PREFIX + self.header_bytes


def claimed_length(content: memoryview) -> int:
    """The header length that the first eight bytes claim, little-endian."""
    return int.from_bytes(content[:PREFIX], "little")


def looks_like_safetensors(content: memoryview, limits: Limits) -> bool:
    """Whether a plausible length is followed by an opening brace. A cut file may hold less than the length claims."""
    length = claimed_length(content)
    return len(content) > PREFIX and 1 < length <= limits.header_bytes and content[PREFIX] == ord("{")


def read_header(content: memoryview, limits: Limits) -> Header:
    """Parse and check the header of a whole file. Raises Refused with LS101 to LS106, LS108, LS109."""
    length = _checked_length(content, limits)
    raw = bytes(content[PREFIX : PREFIX + length])
    entries = strict_json.parse(
        raw,
        code="LS102",
        where="header",
        depth=min(_HEADER_DEPTH, limits.json_depth),
        items=_ITEMS_PER_TENSOR * limits.tensors + _METADATA_ITEMS,
    )
    if not isinstance(entries, dict):
        raise Refused(_fault("LS102", "the header is no JSON object", "header"))
    metadata = _metadata(entries.pop("__metadata__", {}))
    if len(entries) > limits.tensors:
        message = f"{len(entries):,} tensors, at most {limits.tensors:,} are read"
        raise Refused(Refusal(code="LS109", message=message, where="header", measured=len(entries), threshold=limits.tensors))
    spans = _spans(entries, PREFIX + length, limits)
    if faults := check_layout(spans, PREFIX + length, len(content)):
        raise Refused(*faults[:_REPORTED])
    padding = length - len(raw.rstrip(_WHITE_SPACE))
    if length > limits.padding_bytes:  # room for as much between the words
        padding = max(padding, strict_json.white_space(raw))
    return Header(spans=spans, metadata=metadata, header_bytes=length, padding=padding)


def _checked_length(content: memoryview, limits: Limits) -> int:
    if len(content) <= PREFIX:
        raise Refused(_fault("LS101", f"{len(content)} bytes are too few for a safetensors file", "byte 0"))
    length, room = claimed_length(content), len(content) - PREFIX
    if length > limits.header_bytes or length < len("{}"):
        message = f"the header claims {length:,} bytes; between 2 and {limits.header_bytes:,} are read"
        raise Refused(Refusal(code="LS101", message=message, where="byte 0", measured=length, threshold=limits.header_bytes))
    if content[PREFIX] != ord("{"):
        raise Refused(_fault("LS102", "the header does not begin with an opening brace", f"byte {PREFIX}"))
    if length > room:
        message = f"truncated inside the header: at least {length - room:,} bytes are missing"
        raise Refused(Refusal(code="LS103", message=message, where="header", measured=length - room))
    return length


def _metadata(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Refused(_fault("LS102", "__metadata__ is no JSON object", "__metadata__"))
    for key, each in value.items():
        if not isinstance(each, str):
            raise Refused(_fault("LS102", "a metadata value is no text", f"__metadata__.{key}"))
    return value


def _spans(entries: dict[str, object], data_start: int, limits: Limits) -> tuple[TensorSpan, ...]:
    spans: list[TensorSpan] = []
    faults: list[Refusal] = []
    for name, entry in entries.items():
        try:
            spans.append(_span(name, entry, data_start, limits))
        except Refused as refused:
            faults.extend(refused.refusals)
            if len(faults) >= _REPORTED:
                break
    if faults:
        raise Refused(*faults)
    return tuple(spans)


def _span(name: str, entry: object, data_start: int, limits: Limits) -> TensorSpan:
    if not isinstance(entry, dict) or entry.keys() != _FIELDS:
        raise Refused(_fault("LS102", "an entry must hold dtype, shape and data_offsets, and nothing else", name))
    dtype = entry["dtype"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise Refused(_fault("LS102", "unknown dtype", name, str(dtype)))
    shape = _shape(name, entry["shape"], limits)
    start, stop = _offsets(name, entry["data_offsets"])
    bits = prod(shape) * BITS[dtype]
    if bits % 8 or bits // 8 != stop - start:
        message = f"{dtype} {list(shape)} needs {bits:,} bits, the offsets hold {stop - start:,} bytes"
        raise Refused(_fault("LS105", message, name, stop - start))
    return TensorSpan(name=name, dtype=dtype, shape=shape, start=data_start + start, stop=data_start + stop)


def _shape(name: str, value: object, limits: Limits) -> tuple[int, ...]:
    shape = _sizes(value)
    if shape is None or len(shape) > _MAX_DIMENSIONS:
        message = f"the shape is no list of at most {_MAX_DIMENSIONS} whole numbers from 0 on"
        raise Refused(_fault("LS102", message, name))
    largest = max(shape, default=0)
    if largest >= limits.dimension:
        message = f"a dimension of {largest:,}: readers that multiply in 64 bits overflow"
        raise Refused(Refusal(code="LS108", message=message, where=name, measured=largest, threshold=limits.dimension))
    return shape


def _offsets(name: str, value: object) -> tuple[int, int]:
    offsets = _sizes(value)
    if offsets is None or len(offsets) != len(("start", "stop")):
        raise Refused(_fault("LS105", "the offsets are no pair of whole numbers from 0 on", name))
    return offsets[0], offsets[1]


def _sizes(value: object) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(type(each) is int and each >= 0 for each in value):
        return tuple(value)
    return None


def _fault(code: str, message: str, where: str, measured: int | str | None = None) -> Refusal:
    return Refusal(code=code, message=message, where=where, measured=measured)
