"""Vets a file: bytes from a stranger in, a checked container out.

    received = receive(path, limits)             # one open, one private copy, SHA-256
    vetted = vet_received(received, limits)      # container, metadata, digests; or Refused

`vet` does both. Nothing here looks at the value of a weight, imports what a file names, or unpickles.
"""

import re
from collections import Counter
from pathlib import Path

from lorascan.core.adapter import FileFacts, VettedFile
from lorascan.core.errors import Refusal, Refused
from lorascan.intake.agreement import demand_agreement
from lorascan.intake.companions import Companions, companions
from lorascan.intake.declarations import read_claims
from lorascan.intake.digests import digesting
from lorascan.intake.header import Header, looks_like_safetensors, read_header
from lorascan.intake.kinds import wrong_kind
from lorascan.intake.pickles import imports, pickle_refusals
from lorascan.intake.polyglots import also_something_else
from lorascan.intake.receiving import Received, receive
from lorascan.intake.strict_json import too_large
from lorascan.settings import Limits

__all__ = ["Companions", "Received", "companions", "json_excess", "pickle_calls", "receive", "vet", "vet_received"]

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
    content = received.content
    if not looks_like_safetensors(content, limits):
        _refuse_other_kinds(received)
    header = _agreed_header(received, limits)
    with digesting(content, header.spans, header.data_start) as digests:
        claims = read_claims(header.metadata, limits, tuple(span.name for span in header.spans), beside)
        tensor_hash, autov3 = digests()
    facts = FileFacts(
        name=received.identity.name,
        path=received.identity.path,
        size=received.identity.size,
        sha256=received.identity.sha256,
        tensor_hash=tensor_hash,
        autov3=autov3,
        header_bytes=header.header_bytes,
        tensor_count=len(header.spans),
        dtypes=dict(sorted(Counter(span.dtype for span in header.spans).items())),
        claims=claims,
        header_padding=header.padding,
        odd_names=tuple(span.name for span in header.spans if not _PLAIN_NAME.fullmatch(span.name)),
    )
    return VettedFile(facts=facts, content=content, spans=header.spans)


def pickle_calls(raw: bytes) -> frozenset[str]:
    """The imports that unpickling these bytes would make, as "module name"; none for bytes that are no pickle."""
    return imports(memoryview(raw))


def json_excess(text: str, *, depth: int, items: int) -> str:
    """Why this JSON would be too large to parse, or "" (see `strict_json.too_large`)."""
    return too_large(text.encode("utf-8", "surrogatepass"), depth=depth, items=items)


def _refuse_other_kinds(received: Received) -> None:
    """Say what the file really is, where that is recognised; otherwise return, and the header's own fault is told."""
    kind = wrong_kind(received.content)
    if kind is None:
        return
    refusals = pickle_refusals(received.content, kind) if kind.code == "LS303" else [kind]
    if kind.code == "LS303" and received.identity.name.lower().endswith(".safetensors"):
        message = "the name says safetensors, the content does not: loaders that trust the content unpickle it"
        refusals.append(Refusal(code="LS302", message=message, where="name", measured=str(kind.measured)))
    raise Refused(*refusals)


def _agreed_header(received: Received, limits: Limits) -> Header:
    """The header, if it is sound, the safetensors library reads the same, and the bytes are nothing else besides."""
    content = received.content
    also = also_something_else(content)
    try:
        header = read_header(content, limits)
        demand_agreement(content, header.spans, header.data_start)
    except Refused as refused:
        raise Refused(*refused.refusals, *also) from refused
    if also:
        raise Refused(*also)
    return header
