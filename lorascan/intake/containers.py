"""Opens whatever container a file is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lorascan.core.adapter import TensorSpan
from lorascan.core.errors import Refusal, Refused
from lorascan.intake.agreement import demand_agreement
from lorascan.intake.header import looks_like_safetensors, read_header
from lorascan.intake.kinds import PACKED, PICKLE, TAR, ZIP, wrong_kind
from lorascan.intake.pickles import STEPS, streams
from lorascan.intake.polyglots import also_something_else
from lorascan.intake.receiving import Received
from lorascan.settings import Limits

if TYPE_CHECKING:
    from lorascan.intake.zips import Member, Zip

SAFETENSORS = "safetensors"
_PICKLE_NAMES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_HEAD = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Tensors by place in `content`, and what the file says of itself as text.

    `kind` is "safetensors" or the kind of pickle; `header_bytes` and `padding` are 0 where there is no header.
    """

    kind: str
    content: memoryview
    spans: tuple[TensorSpan, ...]
    metadata: Mapping[str, str]
    header_bytes: int = 0
    padding: int = 0


def open_container(received: Received, limits: Limits) -> Container:
    """The tensors of a safetensors file, or of a pickle that does nothing but hold tensors. Raises Refused."""
    content = received.content
    if looks_like_safetensors(content, limits):
        return _safetensors(content, limits)
    kind = wrong_kind(content)
    if kind is None:
        return _checkpoint(received, None, limits) if _follows(content) else _safetensors(content, limits)
    if kind.measured == PICKLE:
        return _checkpoint(received, None, limits)
    return _archive(received, kind, limits)


def _archive(received: Received, kind: Refusal, limits: Limits) -> Container:
    """A zip that is a checkpoint; of every other kind of archive, what is wrong besides."""
    from lorascan.intake.archives import packed_refusals, tar_refusals, zip_refusals  # noqa: PLC0415 - most files are no archive
    from lorascan.intake.zips import read_zip  # noqa: PLC0415

    content = received.content
    if kind.measured == ZIP:
        archive = read_zip(content)
        if any(_is_pickle(content, each) for each in archive.members):
            return _checkpoint(received, archive, limits)
        raise Refused(kind, *zip_refusals(content, archive))
    if kind.measured == TAR:
        raise Refused(kind, *tar_refusals(content))
    if kind.measured in PACKED:
        raise Refused(kind, *packed_refusals(content))
    raise Refused(kind)


def _safetensors(content: memoryview, limits: Limits) -> Container:
    """The tensors, if the header is sound, the safetensors library reads the same, and the bytes are nothing else besides."""
    also = also_something_else(content)
    try:
        header = read_header(content, limits)
        demand_agreement(content, header.spans, header.data_start)
    except Refused as refused:
        raise Refused(*refused.refusals, *also) from refused
    if also:
        raise Refused(*also)
    return Container(
        kind=SAFETENSORS,
        content=content,
        spans=header.spans,
        metadata=header.metadata,
        header_bytes=header.header_bytes,
        padding=header.padding,
    )


def _follows(content: memoryview) -> bool:
    """Whether bytes of no known kind are a pickle all the same: one without a mark of its own."""
    first = streams(content[:_HEAD], limit=STEPS)[:1]
    return any(each.imports or (not each.fault and each.steps > 1) for each in first)


def _checkpoint(received: Received, archive: "Zip | None", limits: Limits) -> Container:
    """A pickle, alone or in a zip. Its name is judged too: loaders of safetensors that fall back would unpickle it."""
    from lorascan.intake.checkpoints import read_archive, read_stream  # noqa: PLC0415 - most files are no pickle

    name, content = received.identity.name.lower(), received.content
    lies = []
    if "." in name and not name.endswith(_PICKLE_NAMES):
        message = "the name says another format: loaders that trust the content unpickle it"
        lies.append(Refusal(code="LS302", message=message, where="name", measured=PICKLE))
    try:
        found = read_stream(content, limits) if archive is None else read_archive(content, archive, limits)
    except Refused as refused:
        raise Refused(*refused.refusals, *lies) from refused
    if lies:
        raise Refused(*lies)
    return Container(kind=found.kind, content=found.content, spans=found.spans, metadata=found.metadata)


def _is_pickle(content: memoryview, member: "Member") -> bool:
    """Whether a member is a pickle by its name or by its bytes."""
    from lorascan.intake.zips import member_bytes  # noqa: PLC0415

    if member.name.lower().endswith((".pkl", ".pickle")):
        return True
    head = member_bytes(content, member, _HEAD)
    return bytes(head[:1]) == b"\x80" and 2 <= int.from_bytes(head[1:2], "little") <= 5
