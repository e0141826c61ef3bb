"""Finds payloads in metadata: programs, code, JSON bombs, secrets.

What it measures: runs of base64, base32, base85, hexadecimal or numbers that decode to a program, an archive, code or a
pickle that calls, deflated or encoded twice included (LS206); nesting or item counts of JSON values, numbers of
thousands of digits, text beyond two million characters, text so full of what might begin an attack that it was not searched
to its end (LS207, from each detector of texts); texts in the shape of an access token or a private
key, values named as such, passwords in addresses (LS208); text that is code, by one construct that is nothing else or
by two weaker signs (LS210).

Why it matters: metadata travels through every tool that shows or copies it, and is a known place to carry a second
stage past a scanner of weights. A leaked token is the trainer's loss, and shows what else the training log holds.

When it is wrong: JPEG, PNG and WebP thumbnails, hashes, escaped CJK tags, training settings with paths and URLs, and
single words such as `eval` or `import` are silent. A trainer that logs its whole script fires LS210. A secret is
quoted only by its first four characters.

Source: token shapes as their issuers document them; the signatures of ELF, PE, Mach-O, zip and pickle.
"""

import re
from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.detectors._code_signs import code_at
from lorascan.detectors._decodings import decodings
from lorascan.detectors._searching import Search, Text, collapsed
from lorascan.detectors._secrets import SHAPES
from lorascan.detectors._texts import DENSE, finding, left_out, quoted, texts, unread
from lorascan.intake import json_excess, pickle_calls, program
from lorascan.settings import DEFAULT


def _rule(code: str, name: str, summary: str, *cwe: int) -> Rule:
    return Rule(code=code, name=name, summary=summary, severity=Severity.MEDIUM, cwe=cwe)


PAYLOAD = _rule("LS206", "encoded-payload", "Metadata holds an encoded program, archive or pickle.", 506)
BOMB = DENSE
SECRET = _rule("LS208", "leaked-secret", "Metadata holds an access token or a private key.", 312)
CODE = _rule("LS210", "code-in-metadata", "Metadata holds code.", 94)

_ITEMS = 500_000
_DIGITS = re.compile(r"(?<!\d)\d{4301}")  # Python's own limit; other readers take time that grows with the square
_REPORTED = 20
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xac\xed\0\x05", "a Java object"),
    (b"rO0AB", "a Java object"),
    (b"<?php", "a script"),
)
_ACTIVE = re.compile(r"<script|<svg\s[^>]{0,300}\bon\w{3,20}\s*=", re.IGNORECASE)
_READABLE = 24  # characters from which decoded bytes are read as text


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most twenty findings, one a text and rule."""
    if over := unread(evidence):
        yield finding(BOMB, f"{over:,} characters of text were not looked at", "__metadata__", str(over))
    count, search = 0, Search()
    for text in texts(evidence):
        for found in _look(text, search):
            count += 1
            if count > _REPORTED:
                return
            yield found
    yield from left_out(search, "code and secrets")


def _look(text: Text, search: Search) -> Iterator[Finding]:
    if kind := next(_decoded_kinds(text, search), ""):
        yield finding(PAYLOAD, f"an encoded text decodes to {kind}", text.where, kind)
    depth = DEFAULT.limits.json_depth
    if text.value.lstrip()[:1] in ("{", "[") and (excess := json_excess(text.value, depth=depth, items=_ITEMS)):
        yield finding(BOMB, excess, text.where, excess, Confidence.MEDIUM)
    elif text.value.lstrip()[:1] in ("{", "[") and _DIGITS.search(text.value):
        yield finding(BOMB, "a number of thousands of digits", text.where, "over 4,300 digits", Confidence.MEDIUM)
    if secret := next((found for shape in SHAPES if (found := search.first(shape, text))), None):
        shown = f"{secret[0][:4]}… ({len(secret[0])} characters)"
        yield finding(SECRET, "an access token, a password or a private key", text.where, shown, Confidence.MEDIUM)
    if (place := code_at(text, search)) is not None:
        yield finding(CODE, "code in metadata", text.where, quoted(text.value, place), Confidence.MEDIUM)


def _decoded_kinds(text: Text, search: Search) -> Iterator[str]:
    for raw in decodings(text.value):
        if kind := program(raw):
            yield kind
        yield from (kind for signature, kind in _ARCHIVES if raw.startswith(signature))
        if raw[:1] in (b"\x80", b"c", b"(") and any(_is_named(each) for each in pickle_calls(raw)):
            yield "a pickle that calls"
        if _is_code(raw, text.where, search):
            yield "code"


def _is_named(call: str) -> bool:
    """Whether module and name are such as Python has: chance bytes are not."""
    return all(part.replace(".", "_").isidentifier() for part in call.split(" ", 1))


def _is_code(raw: bytes, where: str, search: Search) -> bool:
    plain = raw[::2] if raw[1:_READABLE:2] == bytes(len(raw[1:_READABLE:2])) else raw  # UTF-16, as PowerShell takes it
    if len(plain) < _READABLE or not plain[:_READABLE].isascii() or not plain[:_READABLE].decode("ascii").replace("\n", "").isprintable():
        return False
    value = plain.decode("utf-8", "replace")
    views = (value, tight) if (tight := collapsed(value)) else (value,)
    return any(_ACTIVE.search(each) or code_at(Text(where=where, value=each), search) is not None for each in views)


DETECTOR = Detector(rules=(PAYLOAD, BOMB, SECRET, CODE), needs=(FileFacts,), examine=examine)
