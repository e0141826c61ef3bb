"""Hashes the tensors of a file."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lorascan.core.adapter import TensorSpan

_AUTOV3_DIGITS = 12  # what model sites print


@contextmanager
def digesting(content: memoryview, spans: Sequence[TensorSpan], data_start: int) -> Iterator[Callable[[], tuple[str, str]]]:
    """Hash beside what the caller does meanwhile; the function that is given waits for the tensor hash and AutoV3.

    Lower-case hex. Threads are enough: hashlib lets go of the interpreter lock.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        ours = pool.submit(tensor_hash, content, spans)
        sites = pool.submit(autov3, content, data_start)
        yield lambda: (ours.result(), sites.result())


def tensor_hash(content: memoryview, spans: Sequence[TensorSpan]) -> str:
    """SHA-256 over each tensor's name, dtype, shape (one JSON line) and bytes, in name order.

    Two files with the same tensors share it, whatever their metadata and layout.
    """
    digest = hashlib.sha256()
    for span in sorted(spans, key=lambda each: each.name):
        digest.update(json.dumps([span.name, span.dtype, span.shape]).encode() + b"\n")
        digest.update(content[span.start : span.stop])
    return digest.hexdigest()


def autov3(content: memoryview, data_start: int) -> str:
    """First twelve digits of SHA-256 over everything behind the header: `sshs_model_hash` of kohya's sd-scripts."""
    return hashlib.sha256(content[data_start:]).hexdigest()[:_AUTOV3_DIGITS]
