"""Asks the safetensors library whether it reads the same tensors."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from safetensors import SafetensorError, __version__, safe_open

from lorascan.core.adapter import TensorSpan
from lorascan.core.errors import Refusal, Refused


def demand_agreement(content: memoryview, spans: Sequence[TensorSpan], data_start: int) -> None:
    """Raise Refused (LS102) where the library refuses the header or sees other names, dtypes or shapes.

    The library gets a probe: the same header over a hole of the same size, because it judges places and not values.
    """
    with _probe(bytes(content[:data_start]), len(content)) as path:
        try:
            theirs = _library_reading(path)
        except SafetensorError as error:
            raise Refused(_disagreement(f"safetensors {__version__} refuses the header: {error}")) from error
    ours = {span.name: (span.dtype, span.shape) for span in spans}
    for name in ours.keys() | theirs.keys():
        if ours.get(name) != theirs.get(name):
            raise Refused(_disagreement(f"safetensors {__version__} reads this tensor otherwise than we do", name))


def _library_reading(path: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    with safe_open(path, framework="numpy") as opened:
        slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
        return {name: (each.get_dtype(), tuple(each.get_shape())) for name, each in slices.items()}


@contextmanager
def _probe(header: bytes, size: int) -> Iterator[str]:
    """The path of a sparse file that holds only the header: in memory where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("lorascan-header", os.MFD_CLOEXEC)
        path = f"/proc/self/fd/{descriptor}"
    else:
        descriptor, path = tempfile.mkstemp(suffix=".safetensors")
    with open(descriptor, "wb") as probe:  # noqa: PTH123 - a descriptor, no path
        probe.write(header)
        probe.truncate(size)
        probe.flush()
        try:
            yield path
        finally:
            if not path.startswith("/proc/"):
                os.unlink(path)  # noqa: PTH108


def _disagreement(message: str, where: str = "header") -> Refusal:
    return Refusal(code="LS102", message=message, where=where)
