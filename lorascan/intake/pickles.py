"""Judges pickles by what they import and call, without unpickling."""

import re
from collections.abc import Iterator

from lorascan.core.errors import Refusal
from lorascan.intake.pickle_walk import Walk, walk

POLYGLOT_STEPS = 100_000  # no bytes follow so many opcodes by chance
STEPS = 1_000_000  # an adapter of 20,000 tensors has some 600,000
STREAMS = 16  # PyTorch's oldest format has five
_IDENTIFIER = re.compile(r"[^\W\d][\w.]*")
_SHOWN = 5
_ALLOWED = re.compile(
    r"collections OrderedDict"
    r"|torch\._utils _rebuild_(?:tensor_v2|parameter)"
    r"|torch (?:\w+Storage|float(?:16|32|64)|bfloat16|u?int(?:8|16|32|64)|bool|Size)"
    r"|torch\.storage (?:Untyped|Typed)Storage"
    r"|numpy(?:\._?core\.multiarray)? (?:scalar|dtype|_reconstruct|ndarray)"
    r"|_codecs encode"
)
_CALLABLE = re.compile(r"collections OrderedDict|torch\._utils \w+|torch Size|numpy[\w.]* (?:scalar|dtype|_reconstruct)|_codecs encode")
"""Those of the above that weight files call. The rest are types they name: calling a storage makes room of any size."""


def imports(content: memoryview) -> frozenset[str]:
    """What unpickling these bytes from the first on would import, as "module name"; none where they are no pickle.

    Chance bytes follow a few opcodes too: only imports whose two names are identifiers count. Honest header lengths
    begin with import opcodes by chance, seen twice among eighteen published ones; two names never follow. A stream
    that goes on after 100,000 opcodes imports "?": that is no chance.
    """
    found = walk(content, limit=POLYGLOT_STEPS)
    named = frozenset(each for each in found.imports if all(_IDENTIFIER.fullmatch(part) for part in each.split(" ", 1)))
    return named | {"? ?"} if found.steps == POLYGLOT_STEPS else named


def forbidden(found: Walk) -> tuple[str, ...]:
    """The imports and calls that no weight file needs, in name order. Default is deny."""
    named = {each for each in found.imports if not _ALLOWED.fullmatch(each)}
    return tuple(sorted(named | {each for each in found.calls if not _CALLABLE.fullmatch(each)}))


def streams(content: memoryview, *, limit: int = STEPS) -> list[Walk]:
    """The pickles that stand one behind the other from the first byte on; at most sixteen, and `limit` opcodes in all.

    The last one may have broken off; where the first sixteen are followed by more, that is for the caller to refuse.
    """
    found: list[Walk] = []
    at, left = 0, limit
    while at < len(content) and len(found) < STREAMS and left > 0:
        found.append(walk(content, at, limit=left))
        at, left = found[-1].end, left - found[-1].steps
        if found[-1].fault or found[-1].bomb:
            break
    return found


def judge(found: Walk, where: str) -> Iterator[Refusal]:
    """LS301 for what it calls outside the allow list, LS308 where it breaks off, LS309 where it exhausts its loader."""
    if calls := forbidden(found):
        named = ", ".join(each.replace(" ", ".") for each in calls[:_SHOWN])
        yield Refusal(code="LS301", message=f"unpickling it calls {named}", where=where, measured=named)
    if found.bomb:
        yield Refusal(code="LS309", message=f"unpickling it exhausts memory or time: {found.bomb}", where=where, measured=found.bomb)
    elif found.fault:
        message = f"the pickle breaks off, and what stands before has run by then: {found.fault}"
        yield Refusal(code="LS308", message=message, where=where, measured=found.end)
