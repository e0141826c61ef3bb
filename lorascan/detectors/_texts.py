"""The foreign texts of a file, as the text detectors read them."""

from collections.abc import Iterator, Sequence

from lorascan.core.adapter import Claim, FileFacts
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.core.surroundings import Surroundings
from lorascan.core.text import visible
from lorascan.detectors._searching import Search, Sought, Text, collapsed, shortened
from lorascan.detectors._unmasking import unmasked

DENSE = Rule(
    code="LS207",
    name="json-bomb",
    summary="Metadata is nested, long or dense enough to stop its readers.",
    severity=Severity.MEDIUM,
    cwe=(674,),
)
"""Declared by `hidden_payloads`."""
_REPORTED = 20  # findings of one rule; a log with ten thousand says no more
_CONTEXT = 60  # characters quoted
_MOST = 4 * 10**6  # characters of which it no longer matters how many are masked
_CLAIMS = 5_000  # values looked at; the fullest honest file seen has some three hundred
_BUDGET = 2_000_000  # characters looked at in one file; the longest honest training log seen has a quarter


_KEPT: dict[int, tuple[Evidence, tuple[Text, ...]]] = {}
"""The texts of the evidence that was examined last: every pattern asks for them again."""
_UNMASKED = 500_000  # characters looked at a second time; honest files have a few hundred
_SHORTENED = 500_000  # characters around long words looked at a second time; honest files have a thumbnail's


def texts(evidence: Evidence) -> Sequence[Text]:
    """Metadata keys and values, texts out of their JSON, training tags, every name that is not plain: of the file, in it, beside it.

    A text that is masked is given a second time, unmasked, and either again with long runs of white space as one blank, and what
    stands around long words with those cut. At most 5,000 values and two million characters, half a million of them unmasked, and as
    many around long words; `unread` says how many characters that leaves out.
    """
    kept = _KEPT.get(id(evidence))
    if kept is None or kept[0] is not evidence:
        _KEPT.clear()
        kept = _KEPT[id(evidence)] = evidence, tuple(_texts(evidence))
    return kept[1]


def _texts(evidence: Evidence) -> Iterator[Text]:
    left, left_unmasked, left_short = _BUDGET, _UNMASKED, _SHORTENED
    beside = [each for found in evidence.all(Surroundings) for each in found.names]
    for where, value in (*_sources(evidence[FileFacts]), ("names in the folder", "\n".join(beside))):
        shown = value[:left]
        left -= len(shown)
        plain = unmasked(shown)[:left_unmasked]
        left_unmasked -= len(plain)
        for name, form in ((where, shown), (f"{where} (unmasked)", plain)) if plain else ((where, shown),):
            yield Text(where=name, value=form)
            if tight := collapsed(form):
                yield Text(where=f"{name} (blanks left out)", value=tight)
            if short := shortened(tight or form)[:left_short]:
                left_short -= len(short)
                yield Text(where=f"{name} (long words cut)", value=short)


def unread(evidence: Evidence) -> int:
    """How many characters `texts` leaves out."""
    facts = evidence[FileFacts]
    read = sum(len(value) for _, value in _sources(facts))
    plain = sum(len(unmasked(value)) for _, value in _sources(facts)) if read < _MOST else 0
    short = sum(len(shortened(value)) for _, value in _sources(facts)) if read < _MOST else 0
    return (
        max(0, read - _BUDGET)
        + max(0, plain - _UNMASKED)
        + max(0, short - _SHORTENED)
        + sum(len(each.value) for each in _told(facts)[_CLAIMS:])
    )


def _sources(facts: FileFacts) -> Iterator[tuple[str, str]]:
    yield "name", facts.name
    yield "tensor names", "\n".join(facts.odd_names)
    yield "__metadata__ (keys)", "\n".join(claim.path for claim in facts.claims.metadata)
    yield "__metadata__.ss_tag_frequency (decoded)", "\n".join(facts.claims.tags)
    for claim in _told(facts)[:_CLAIMS]:
        yield claim.path, claim.value


def _told(facts: FileFacts) -> list[Claim]:
    """Shortest first: a long one must not hide the others."""
    return sorted((*facts.claims.metadata, *facts.claims.decoded), key=lambda each: len(each.value))


def matches(evidence: Evidence, rule: Rule, sought: Sought, message: str, confidence: Confidence = Confidence.HIGH) -> Iterator[Finding]:
    """One finding for each text that holds what is sought, quoting the first place; at most twenty."""
    count, search = 0, Search()
    for text in texts(evidence):
        found = search.first(sought, text)
        if found and count < _REPORTED:
            count += 1
            yield finding(rule, message, text.where, quoted(text.value, found.start()), confidence)
    yield from left_out(search, message)


def left_out(search: Search, message: str) -> Iterator[Finding]:
    """A finding where a text holds so many beginnings of what is sought that it was not searched to its end."""
    if search.left_out:
        told = f"{search.left_out:,} characters were not searched for {message}: they are full of what might begin it"
        yield finding(DENSE, told, "__metadata__", str(search.left_out), Confidence.MEDIUM)


def finding(rule: Rule, message: str, where: str, measured: str, confidence: Confidence = Confidence.HIGH) -> Finding:
    """A finding with its rule's own severity."""
    return Finding(rule=rule, message=message, severity=rule.severity, confidence=confidence, where=where, measured=measured)


def quoted(text: str, at: int) -> str:
    """The text around a place, made visible."""
    return visible(text[max(0, at - 10) : at + _CONTEXT])
