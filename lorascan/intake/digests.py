"""Hashes the tensors of a file."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from lorascan.core.adapter import FileFacts, TensorSpan

_AUTOV3_DIGITS = 12  # what model sites print


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The digests of a file's tensors, being taken in threads: hashlib lets go of the interpreter lock."""

    tensors: Future[str]
    behind_header: Future[str] | None

    @classmethod
    def begin(cls, content: memoryview, spans: Sequence[TensorSpan], data_start: int | None) -> "Digests":
        """Begin to hash; `data_start` is None for a file without a header, which has no AutoV3."""
        pool = ThreadPoolExecutor(max_workers=2)
        tensors = pool.submit(tensor_hash, content, spans)
        behind_header = None if data_start is None else pool.submit(autov3, content, data_start)
        pool.shutdown(wait=False)
        return cls(tensors=tensors, behind_header=behind_header)

    def told(self, facts: FileFacts) -> FileFacts:
        """The facts with both digests; waits until they are taken."""
        return replace(facts, tensor_hash=self.tensors.result(), autov3=self.behind_header.result() if self.behind_header else "")


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
