"""Hashes the tensors of a file."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import pairwise

from lorascan.core.adapter import FileFacts, TensorSpan
from lorascan.core.threads import threads
from lorascan.intake.header import BITS

_AUTOV3_DIGITS = 12  # what model sites print


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The digest of a file's tensors, being taken in a thread: hashlib lets go of the interpreter lock."""

    tensors: Future[str]

    @classmethod
    def begin(cls, content: memoryview, spans: Sequence[TensorSpan], behind_header: str = "") -> "Digests":
        """Begin to hash; `behind_header` is the SHA-256 of the data area where the file is a safetensors file."""
        pool = threads(1)
        tensors = pool.submit(tensor_hash, content, spans, behind_header)
        pool.shutdown(wait=False)
        return cls(tensors=tensors)

    def told(self, facts: FileFacts) -> FileFacts:
        """The facts with the digest; waits until it is taken."""
        return replace(facts, tensor_hash=self.tensors.result())


def tensor_hash(content: memoryview, spans: Sequence[TensorSpan], behind_header: str = "") -> str:
    """SHA-256 over a JSON line [name, dtype, shape] for each tensor, then the SHA-256 in hexadecimal of all their bytes.

    Both in one order, whatever the file's: the widest types first, then by name. Two files with the same tensors share
    the hash, whatever their metadata and layout. The order is that in which the safetensors library writes, so that for
    most files the second digest is the `behind_header` at hand; it is used where the tensors do lie so.
    """
    ordered = sorted(spans, key=lambda each: (-BITS[each.dtype], each.name))
    lines = "".join(json.dumps([span.name, span.dtype, span.shape]) + "\n" for span in ordered)
    inner = behind_header if behind_header and _lie_so(ordered) else _bytes_digest(content, ordered)
    return hashlib.sha256(lines.encode() + inner.encode()).hexdigest()


def autov3(behind_header: str) -> str:
    """First twelve digits of SHA-256 over everything behind the header: `sshs_model_hash` of kohya's sd-scripts."""
    return behind_header[:_AUTOV3_DIGITS]


def _lie_so(ordered: Sequence[TensorSpan]) -> bool:
    """Whether each tensor begins where the one before ends. The layout was checked: together they fill the data area."""
    return all(one.stop == two.start for one, two in pairwise(ordered))


def _bytes_digest(content: memoryview, ordered: Sequence[TensorSpan]) -> str:
    digest = hashlib.sha256()
    for span in ordered:
        digest.update(content[span.start : span.stop])
    return digest.hexdigest()
