"""Reads pickle opcodes without ever unpickling."""

import pickletools
import re
import zipfile
from collections.abc import Iterator
from typing import IO, cast

from lorascan.core.errors import Refusal

_MAX_OPCODES = 100_000  # an adapter's own pickle has some thousand
_SHORT_LINE = 256
_MAX_LINE = 65_536
_MAX_MEMBERS = 20_000
_MAX_PICKLES = 8
_MAX_MEMBER = 32 * 2**20  # bytes read of one zip member
_IDENTIFIER = re.compile(r"[^\W\d][\w.]*", re.ASCII)
_STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"}
_FETCHES = {"GET", "BINGET", "LONG_BINGET"}
_UNKNOWN = "unknown"  # what is fetched from the memo is not followed: forbidden, as nothing allowed is called so
_STORES = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_IMPORTS = {"GLOBAL", "INST", "STACK_GLOBAL"}  # EXT1, 2 and 4 import only what the program itself registered
_ALLOWED = re.compile(
    r"collections OrderedDict"
    r"|torch\._utils _rebuild_(?:tensor_v2|parameter)"
    r"|torch (?:\w+Storage|float(?:16|32|64)|bfloat16|u?int(?:8|16|32|64)|bool|Size)"
    r"|torch\.storage (?:Untyped|Typed)Storage"
    r"|numpy(?:\._?core\.multiarray)? (?:scalar|dtype|_reconstruct|ndarray)"
    r"|_codecs encode"
)


def imports(content: memoryview) -> frozenset[str]:
    """What unpickling these bytes would import, as "module name".

    Follows the opcodes from the first byte to STOP, the first error, or the cap of 100,000; nothing is executed.
    """
    found: set[str] = set()
    texts: list[str] = []
    memoised = False
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(cast("IO[bytes]", _Tape(content)))):
            if opcode.name in _IMPORTS:
                found.update(_named(str(argument) if argument else " ".join(texts[-2:])))
            elif opcode.name in _STRINGS:
                texts = [*texts[-1:], str(argument)]
            elif opcode.name in _FETCHES and memoised:
                texts = [*texts[-1:], _UNKNOWN]
            memoised |= opcode.name in _STORES
            if number == _MAX_OPCODES:
                break
    except (ValueError, OverflowError, IndexError):  # how genops says "no opcode" or "argument cut off"
        return frozenset(found)
    return frozenset(found)


def forbidden(imported: frozenset[str]) -> tuple[str, ...]:
    """Those that no weight file needs, in name order. Default is deny."""
    return tuple(sorted(each for each in imported if not _ALLOWED.fullmatch(each)))


def pickle_refusals(content: memoryview, decisive: Refusal) -> list[Refusal]:
    """Why a pickle file is refused: LS303, its own kind, then LS301 for the calls outside the allow list.

    `decisive` is the refusal that named the file a zip or pickle. A zip without a pickle is LS113, one that cannot be
    walked LS307 too.
    """
    if bytes(content[:2]) != b"PK":
        return [_not_read(decisive, "a pickle"), *_forbidden([("byte 0", imports(content))])]
    try:
        pickles = list(_members(content))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        broken = Refusal(code="LS307", message=f"a malformed zip: {error}", where="zip")
        return [_not_read(decisive, "a zip archive"), broken]
    if not pickles:
        return [Refusal(code="LS113", message=decisive.message, where=decisive.where, measured=decisive.measured)]
    return [_not_read(decisive, "a PyTorch checkpoint (zip with a pickle)"), *_forbidden(pickles)]


def _not_read(decisive: Refusal, kind: str) -> Refusal:
    message = f"{kind}: pickle adapters are not read; convert it to safetensors where it cannot do harm"
    return Refusal(code="LS303", message=message, where=decisive.where, measured=kind)


def _forbidden(pickles: list[tuple[str, frozenset[str]]]) -> Iterator[Refusal]:
    for where, imported in pickles:
        if calls := forbidden(imported):
            named = ", ".join(each.replace(" ", ".") for each in calls[:5])
            yield Refusal(code="LS301", message=f"unpickling it calls {named}", where=where, measured=named)


def _members(content: memoryview) -> Iterator[tuple[str, frozenset[str]]]:
    """The imports of every zip member that is a pickle by its name or first byte; at most eight such members."""
    walked = 0
    with zipfile.ZipFile(cast("IO[bytes]", _Tape(content))) as archive:
        for member in archive.infolist()[:_MAX_MEMBERS]:
            with archive.open(member) as stream:
                head = stream.read(2)
                if walked < _MAX_PICKLES and (member.filename.endswith(".pkl") or head[:1] == b"\x80"):
                    walked += 1
                    yield member.filename, imports(memoryview(head + stream.read(_MAX_MEMBER)))


def _named(argument: str) -> Iterator[str]:
    """The import that a module and a name ask for; nothing where they are no identifiers: chance bytes.

    Honest header lengths begin with import opcodes by chance, seen twice among eighteen published ones; two names
    never follow.
    """
    module, _, name = argument.partition(" ")
    if _IDENTIFIER.fullmatch(module) and _IDENTIFIER.fullmatch(name):
        yield argument


class _Tape:
    """A read-only file over a memoryview that copies only what is read."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        stop = len(self._content) if size is None or size < 0 else min(self._at + size, len(self._content))
        start, self._at = self._at, max(self._at, stop)
        return bytes(self._content[start:stop])

    def readline(self) -> bytes:
        for reach in (_SHORT_LINE, _MAX_LINE):  # most lines are short, and hostile ones are many
            line, mark, _ = bytes(self._content[self._at : self._at + reach]).partition(b"\n")
            if mark:
                break
        self._at += len(line) + len(mark)
        return line + mark

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, len(self._content))[whence])
        return self._at

    def seekable(self) -> bool:
        return True
