"""Writes several reports for the terminal."""

from collections.abc import Callable, Iterator, Sequence

from lorascan.core.report import Report
from lorascan.reporting import Look, _order
from lorascan.reporting import _numbers as write
from lorascan.reporting._foreign import foreign
from lorascan.reporting._terminal import Sheet, columns, cut, cut_middle

COLOURS = {"admit": "green", "admit (static only)": "cyan", "review": "yellow", "reject": "red", "undecided": "blue"}
_GAPS, _LEAST_WHY = 6, 12
"""Columns that the margin and the gaps of the table take, and that a reason takes at least."""
_SHARE = 2 / 5
"""Of the room that the verdict leaves, what a path takes where reasons need the rest."""
_MOST_TOLD = 20
"""Reports that are told without being asked for."""

Tell = Callable[[Sheet, Report, Look, str], None]
Close = Callable[[Sheet, Report, Look], None]


def several(reports: Sequence[Report], look: Look, tell: Tell, close: Close) -> Iterator[str]:
    """A line a file, the worst first; then each that was not admitted, at most twenty, or each of all where the look wants them whole.

    `tell` writes one of them, `close` what stands once at the end, before how many there were of each verdict: a log is read
    from its end.
    """
    listed = _order.lines(reports)
    yield _table(listed, look)
    wanted = [each for each in listed if look.whole or not each.admitted]
    shown = wanted if look.whole else _told(wanted)
    for each in shown:
        sheet = Sheet(look)
        sheet.line()
        tell(sheet, reports[each.place], look, each.path)
        yield sheet.text()
    sheet = Sheet(look)
    if not look.whole:
        left = f"{len(wanted) - len(shown):,} more that were not admitted, and each" if len(wanted) > len(shown) else "Each"
        sheet.line()
        sheet.paragraph(f"{left} file in full: -v, or a report as HTML or JSON (-o report.html).", 0, "dim")
    close(sheet, reports[0], look)
    sheet.line()
    sheet.line(_headline(listed), "bold")
    yield sheet.text()


def _told(wanted: Sequence[_order.Line]) -> list[_order.Line]:
    """Those that are told unasked, in their order: the first of each kind goes before any that says the same again."""
    first = {each.kind: each.place for each in reversed(wanted)}
    chosen = {each.place for each in sorted(wanted, key=lambda each: first[each.kind] != each.place)[:_MOST_TOLD]}
    return [each for each in wanted if each.place in chosen]


def _headline(listed: Sequence[_order.Line]) -> str:
    return f"{write.count(len(listed), 'file')}: {_order.tally(listed)}"


def _table(listed: Sequence[_order.Line], look: Look) -> str:
    sheet = Sheet(look)
    sheet.line(_headline(listed), "bold")
    sheet.line()
    told = any(each.why for each in listed)
    whole = sheet.width - _GAPS - max(columns(each.word) for each in listed)
    reasons = max((columns(foreign(each.why) + each.more) for each in listed), default=0)
    most = max(int(whole * _SHARE), whole - reasons) if told else whole
    found = [(each.word, cut_middle(foreign(each.path), most), each.more, foreign(each.why)) for each in listed]
    beside = _GAPS + max(columns(each[0]) for each in found) + max(columns(each[1]) for each in found)
    room = max(sheet.width - beside, _LEAST_WHY)
    rows = [(word, path, cut(why, max(room - len(more), _LEAST_WHY)) + more) for word, path, more, why in found]
    sheet.table(("verdict", "file", "why" if told else ""), rows, style=lambda at, row: "" if at else COLOURS[row[0]])
    return sheet.text()
