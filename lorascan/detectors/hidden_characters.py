"""Finds characters that hide or imitate others.

What it measures, in metadata, training tags and names: bidirectional overrides and isolates; invisible characters
inside a Latin word or in a run of four or more; twelve marks on one letter; tag characters outside emoji flags; Latin words in which every
foreign letter is a Cyrillic or Greek double of a Latin one, or that hold a Cherokee, Lisu or Armenian one.

Why it matters: a trigger that a reader cannot see, or cannot tell from an honest word, is declared and hidden at
once. Tokenizers do see it.

When it is wrong: emoji joiners, the joiners of Persian and Indic scripts, zero-width spaces between words as web
pages have them, and whole Cyrillic or Greek words are silent. A caption that was typed with a mixed keyboard fires.

Source: Unicode Technical Report 36 and Technical Standard 39 (confusables).
"""

from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.detectors._searching import Sought
from lorascan.detectors._texts import matches

RULE = Rule(
    code="LS204",
    name="hidden-characters",
    summary="Characters that reorder, hide or imitate text stand in a name or in metadata.",
    severity=Severity.MEDIUM,
    cwe=(1007,),
)
_INVISIBLE = "\u00ad\u034f\u180e\u200b-\u200f\u061c\u2060-\u2064\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef"
_BLANK = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d173-\U0001d17a"
"""Honest in their own script, or as a blank; between Latin letters they only hide."""
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff"  # marks on a letter: no script puts twelve on one
_DOUBLES = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"  # Cyrillic small
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"  # Cyrillic capital
    "\u03bf\u03bd\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"  # Greek
)
_REORDERING = Sought(expression="[\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]", in_ascii=False, bounded=False)
_HIDING = Sought(
    expression=(
        rf"[A-Za-z0-9_][{_INVISIBLE}{_BLANK}]+[A-Za-z0-9_]|[{_INVISIBLE}]{{4}}"
        rf"|\A\s*+[{_INVISIBLE}{_BLANK}][{_INVISIBLE}{_BLANK}\s]*+\Z|(?:\A|[/\n])[{_INVISIBLE}{_BLANK}]++\."
        rf"|[{_MARKS}]{{12}}|[\U000e0100-\U000e01ef]{{2}}"  # a letter takes one selector; two carry bytes
        "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0001-\U000e007f]"
    ),
    near=f"[{_INVISIBLE}{_BLANK}{_MARKS}\U000e0001-\U000e007f]+",
    reach=80,
    in_ascii=False,
)
_FOREIGN = "\u13a0-\u13ff\uab70-\uabbf\ua4d0-\ua4ff"  # Cherokee and Lisu: half of their letters are Latin capitals to the eye
_ARMENIAN = "\u0570\u0578\u057d\u0581\u0585\u0566"  # endings in Armenian stand behind Latin names, never inside
_ONLY_DOUBLES = "\u0455\u0501\u051b\u051d"  # no word of a living language is made of these and other doubles alone
_IMITATING = Sought(
    expression=(
        rf"(?<![^\W_])(?=[A-Za-z{_DOUBLES}]{{0,60}}[{_DOUBLES}])(?=[{_DOUBLES}]{{0,60}}[A-Za-z])"
        rf"[A-Za-z{_DOUBLES}]{{3,60}}(?![^\W_])"
        rf"|(?<![^\W_])(?=[{_DOUBLES}]{{0,60}}[{_ONLY_DOUBLES}])[{_DOUBLES}]{{3,60}}(?![^\W_])"
        rf"|[A-Za-z][{_FOREIGN}]|[{_FOREIGN}][A-Za-z]|[A-Za-z][{_ARMENIAN}]+[A-Za-z]"
    ),
    near=f"[{_DOUBLES}{_FOREIGN}{_ARMENIAN}]+",
    reach=80,
    in_ascii=False,
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most twenty findings for each of the three kinds, one a text."""
    yield from matches(evidence, RULE, _REORDERING, "characters that reorder the text around them")
    yield from matches(evidence, RULE, _HIDING, "invisible characters inside a text")
    yield from matches(evidence, RULE, _IMITATING, "letters of another script that imitate Latin", Confidence.MEDIUM)


DETECTOR = Detector(rules=(RULE,), needs=(FileFacts,), examine=examine)
