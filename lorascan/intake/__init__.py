"""Vets a file: bytes from a stranger in, a checked container out.

    received = receive(path, limits)             # one open, one private copy, SHA-256
    vetted = vet_received(received, limits)      # container, metadata, digests; or Refused

`vet` does both. Nothing here looks at the value of a weight, imports what a file names, or unpickles.
"""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from lorascan.core.adapter import FileFacts, VettedFile
from lorascan.intake.companions import Companions, companions
from lorascan.intake.containers import SAFETENSORS, open_container
from lorascan.intake.declarations import read_claims
from lorascan.intake.digests import Digests, autov3
from lorascan.intake.kinds import program
from lorascan.intake.pickles import imports
from lorascan.intake.receiving import Received, receive
from lorascan.intake.strict_json import too_large
from lorascan.settings import Limits

__all__ = [
    "Companions",
    "Digests",
    "Received",
    "companions",
    "json_excess",
    "pickle_calls",
    "program",
    "receive",
    "vet",
    "vet_received",
    "vet_while_digesting",
]

_PLAIN_NAME = re.compile(r"\w+(?:[.:/-]\w+)*+", re.ASCII)


def vet(path: Path, limits: Limits, *, name: str | None = None) -> VettedFile:
    """Receive a file and check it. Raises Refused for a bad file, Unavailable for one that cannot be read.

    `name` is what reports call it where that is not the path's last part.
    """
    return vet_received(receive(path, limits, name=name), limits)


def vet_received(received: Received, limits: Limits, beside: Companions | None = None) -> VettedFile:
    """Check a private copy: what kind of file it is, its container, what it says of itself. Raises Refused.

    `beside` is what stands in its folder and would be read with it.
    """
    vetted, digests = vet_while_digesting(received, limits, beside)
    return replace(vetted, facts=digests.told(vetted.facts))


def vet_while_digesting(received: Received, limits: Limits, beside: Companions | None = None) -> tuple[VettedFile, Digests]:
    """As `vet_received`, but the facts lack the hash of the tensors: it is still being taken beside the caller."""
    opened = open_container(received, limits)
    behind_header = received.behind_header if opened.kind == SAFETENSORS else ""
    digests = Digests.begin(opened.content, opened.spans, behind_header)
    claims = read_claims(opened.metadata, limits, tuple(span.name for span in opened.spans), beside)
    facts = FileFacts(
        name=received.identity.name,
        path=received.identity.path,
        size=received.identity.size,
        sha256=received.identity.sha256,
        tensor_hash="",
        autov3=autov3(behind_header),
        header_bytes=opened.header_bytes,
        tensor_count=len(opened.spans),
        dtypes=dict(sorted(Counter(span.dtype for span in opened.spans).items())),
        claims=claims,
        header_padding=opened.padding,
        odd_names=tuple(span.name for span in opened.spans if not _PLAIN_NAME.fullmatch(span.name)),
        container=opened.kind,
    )
    return VettedFile(facts=facts, content=opened.content, spans=opened.spans), digests


def pickle_calls(raw: bytes) -> frozenset[str]:
    """The imports that unpickling these bytes would make, as "module name"; none for bytes that are no pickle."""
    return imports(memoryview(raw))


def json_excess(text: str, *, depth: int, items: int) -> str:
    """Why this JSON would be too large to parse, or "" (see `strict_json.too_large`)."""
    return too_large(text.encode("utf-8", "surrogatepass"), depth=depth, items=items)
