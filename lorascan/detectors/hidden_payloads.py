"""Finds payloads in metadata: programs, code, JSON bombs, secrets.

What it measures: base64 or hexadecimal runs that decode to a program, an archive or a pickle that calls (LS206);
nesting or item counts of JSON values, and text beyond four million characters (LS207); texts in the shape of an
access token or a private key (LS208); text that is code, by one construct that is nothing else or by two weaker signs
(LS210).

Why it matters: metadata travels through every tool that shows or copies it, and is a known place to carry a second
stage past a scanner of weights. A leaked token is the trainer's loss, and shows what else the training log holds.

When it is wrong: JPEG, PNG and WebP thumbnails, hashes, escaped CJK tags, training settings with paths and URLs, and
single words such as `eval` or `import` are silent. A trainer that logs its whole script fires LS210. A secret is
quoted only by its first four characters.

Source: token shapes as their issuers document them; the signatures of ELF, PE, Mach-O, zip and pickle.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.detectors._texts import Sought, Text, finding, quoted, texts, unread
from lorascan.intake import json_excess, pickle_calls
from lorascan.settings import DEFAULT


def _rule(code: str, name: str, summary: str, *cwe: int) -> Rule:
    return Rule(code=code, name=name, summary=summary, severity=Severity.MEDIUM, cwe=cwe)


PAYLOAD = _rule("LS206", "encoded-payload", "Metadata holds an encoded program, archive or pickle.", 506)
BOMB = _rule("LS207", "json-bomb", "Metadata is nested or long enough to stop its readers.", 674)
SECRET = _rule("LS208", "leaked-secret", "Metadata holds an access token or a private key.", 312)
CODE = _rule("LS210", "code-in-metadata", "Metadata holds code.", 94)

_RUN = re.compile(r"[A-Za-z0-9+/_-]{64,}+={0,2}")
_HEX_RUN = re.compile(r"(?:[0-9a-f]{2}){32,}+|(?:[0-9A-F]{2}){32,}+")
_RUNS = 200  # runs decoded of one text; a payload in more pieces cannot be put together by a reader either
_DECODED = 4096  # characters of a run that are decoded: a multiple of 4
_ITEMS = 500_000
_REPORTED = 20
_SECRET = Sought(
    expression=(
        r"\bhf_[A-Za-z0-9]{34}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}|\bglpat-[\w-]{20,}"
        r"|\bsk-(?:proj-)?[A-Za-z0-9_-]{40,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\bxox[abprs]-[\w-]{20,}"
        r"|-----BEGIN (?:\w+ ){0,2}PRIVATE KEY-----"
    ),
    marks=("hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "akia", "aiza", "xox", "-----begin"),
)
_CERTAIN = Sought(
    expression=(
        r"\$\{jndi:|/dev/tcp/\d|\b(?:curl|wget)\s[^\n|]{1,300}\|\s*(?:sudo\s+)?(?:ba|z)?sh\b|\brm\s+-rf\s+[/~]"
        r"|\bpowershell(?:\.exe)?\s+-(?:enc|e|nop|w|c|command)\b|\bos\.(?:system|popen)\s*\(\s*[\"'f]"
        r"|__import__\s*\(\s*[\"']|\bsubprocess\.(?:run|call|Popen|check_output)\s*\("
        r"|\{\{[^{}]{0,200}__(?:class|globals|subclasses|builtins)__"
        r"|\b(?:eval|exec)\s*\(\s*(?:compile|base64|bytes|__import__|zlib|codecs)\b"
    ),
    flags=re.IGNORECASE,
    marks=("jndi:", "/dev/tcp/", "curl", "wget", "-rf", "powershell", "os.", "__", "subprocess.", "eval", "exec"),
)
_SIGNS = tuple(
    Sought(expression=expression, marks=marks)
    for marks, expression in (
        (
            ("import", "from"),
            r"(?:^|[;\n])\s*(?:import|from)\s+(?:os|sys|subprocess|socket|ctypes|pty|shutil|base64|urllib|requests|pickle|marshal)\b",
        ),
        (("eval", "exec", "compile", "getattr", "globals"), r"\b(?:eval|exec|compile|getattr|globals)\s*\([^)\n]{1,}"),
        (("def", "class"), r"(?:^|\n)\s*(?:def\s+\w+\s*\([^)\n]{0,200}\)\s*(?:->[^\n:]{1,60})?:|class\s+\w+[^\n:]{0,80}:\s*\n)"),
        (
            ("socket.", "requests.", "urllib.", "pickle.", "marshal."),
            r"\b(?:socket\.socket|requests\.(?:get|post)|urllib\.request\.urlopen|pickle\.loads?|marshal\.loads)\s*\(",
        ),
        (("b64decode", "fromhex"), r"\bb64decode\s*\(|\bfromhex\s*\("),
        (("function",), r"\bfunction\s*\w{0,40}\s*\([^)\n]{0,200}\)\s*\{"),
        (("document.", "xmlhttprequest"), r"\bdocument\.(?:cookie|write|location)\b|\bXMLHttpRequest\b"),
        (("#!",), r"(?:^|\n)#!\s*/(?:usr/)?bin/"),
        (("chmod", "nc", "bash"), r"\bchmod\s+(?:\+x|[0-7]{3})\s|\bnc\s+-e\b|\bbash\s+-[ci]\b"),
    )
)
_ENOUGH = 2
_PROGRAMS = (
    (b"\x7fELF", "a Linux program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"#!/", "a script"),
    (b"<?php", "a script"),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most twenty findings, one a text and rule."""
    if left_out := unread(evidence):
        yield finding(BOMB, f"{left_out:,} characters of text were not looked at", "__metadata__", str(left_out))
    count = 0
    for text in texts(evidence):
        for found in _look(text):
            count += 1
            if count > _REPORTED:
                return
            yield found


def _look(text: Text) -> Iterator[Finding]:
    if kind := next(_decoded_kinds(text.value), ""):
        yield finding(PAYLOAD, f"an encoded text decodes to {kind}", text.where, kind)
    depth = DEFAULT.limits.json_depth
    if text.value.lstrip()[:1] in ("{", "[") and (excess := json_excess(text.value, depth=depth, items=_ITEMS)):
        yield finding(BOMB, excess, text.where, excess, Confidence.MEDIUM)
    if secret := _SECRET.first(text):
        shown = f"{secret[0][:4]}… ({len(secret[0])} characters)"
        yield finding(SECRET, "an access token or private key", text.where, shown, Confidence.MEDIUM)
    if (place := _code_at(text)) is not None:
        yield finding(CODE, "code in metadata", text.where, quoted(text.value, place), Confidence.MEDIUM)


def _code_at(text: Text) -> int | None:
    """Where the first sign of code stands, if the text is code."""
    if certain := _CERTAIN.first(text):
        return certain.start()
    signs = [found.start() for sign in _SIGNS if (found := sign.first(text))]
    return min(signs) if len(signs) >= _ENOUGH else None


def _decoded_kinds(value: str) -> Iterator[str]:
    for pattern in (_RUN, _HEX_RUN):
        for number, run in enumerate(pattern.finditer(value)):
            if number == _RUNS:
                break
            for raw in _decodings(run[0][:_DECODED]):
                yield from _program(raw)


def _decodings(run: str) -> Iterator[bytes]:
    whole = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        yield base64.b64decode(whole[: len(whole) // 4 * 4])
        yield bytes.fromhex(run)
    except (binascii.Error, ValueError):  # no base64, or no hexadecimal: nothing to look at
        return


def _program(raw: bytes) -> Iterator[str]:
    for signature, kind in _PROGRAMS:
        if raw.startswith(signature):
            yield kind
    if raw.startswith(b"MZ") and b"This program" in raw[:1024]:
        yield "a Windows program"
    if raw[:1] in (b"\x80", b"c", b"(") and pickle_calls(raw):
        yield "a pickle that calls"


DETECTOR = Detector(rules=(PAYLOAD, BOMB, SECRET, CODE), needs=(FileFacts,), examine=examine)
