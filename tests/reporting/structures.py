"""What readers of our reports demand of them, in our own words, where their own schema is not ours to ship.

Written from the standards' texts, and narrower: a key that we do not mean to write is wrong. `sast` says what GitLab's
sast-report-format.json 15.0.7 demands of the keys that we write (gitlabhq/gitlabhq,
lib/gitlab/ci/parsers/security/validators/schemas/15.0.7); `codequality` what the page "Code Quality report format" of GitLab's
documentation asks for; `statement` the in-toto specification's spec/v1/statement.md with spec/predicates/test-result.md.
"""

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
ANY_TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def one_of(*values: str) -> Schema:
    """One of these texts."""
    return {"enum": list(values)}


def listed(items: Schema, least: int = 0) -> Schema:
    """A list of such items, each once."""
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


def shape(**members: Schema) -> Schema:
    """An object with these members and no others."""
    return {"type": "object", "properties": members, "required": sorted(members), "additionalProperties": False}


_TOOL = shape(id=TEXT, name=TEXT, vendor=shape(name=TEXT), version=TEXT)
_VULNERABILITY = shape(
    id=TEXT,
    name={"type": "string", "maxLength": 255, "minLength": 1},
    description={"type": "string", "maxLength": 1_048_576, "minLength": 1},
    severity=one_of("Info", "Unknown", "Low", "Medium", "High", "Critical"),
    identifiers=listed(shape(type=TEXT, name=TEXT, value=TEXT), least=1),
    location=shape(file=TEXT, start_line={"const": 1}),
)
SAST = shape(
    version={"const": "15.0.7"},
    scan=shape(
        analyzer=_TOOL,
        scanner=_TOOL,
        type={"const": "sast"},
        start_time=MOMENT,
        end_time=MOMENT,
        status=one_of("success", "failure"),
        messages={"type": "array", "items": shape(level=one_of("info", "warn", "fatal"), value=TEXT)},
    ),
    vulnerabilities=listed(_VULNERABILITY),
)
CODE_QUALITY = listed(
    shape(
        description=TEXT,
        check_name=TEXT,
        fingerprint=TEXT,
        location=shape(path={"type": "string", "minLength": 1, "pattern": r"^(?!\./)"}, lines=shape(begin={"const": 1})),
        severity=one_of("info", "minor", "major", "critical", "blocker"),
    )
)
STATEMENT = shape(
    _type={"const": "https://in-toto.io/Statement/v1"},
    predicateType={"const": "https://in-toto.io/attestation/test-result/v0.1"},
    subject=listed(shape(name=TEXT, digest=shape(sha256=SHA256))),
    predicate=shape(
        result=one_of("PASSED", "WARNED", "FAILED"),
        configuration=listed(shape(name=TEXT, annotations=shape(lorascan=ANY_TEXT)), least=1),
        passedTests=listed(TEXT),
        warnedTests=listed(TEXT),
        failedTests=listed(TEXT),
        lorascan=shape(
            decision=one_of("admit", "review", "reject", "undecided"),
            finishedOn={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"},
            limits=listed(ANY_TEXT),
            notAssessed=listed(ANY_TEXT),
            reasons=listed(ANY_TEXT),
            scope={"type": "object"},
        ),
    ),
)
