"""Lays out text in terminal columns."""

import shlex
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from lorascan.reporting import Look

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
    "red badge": "1;97;41",
    "green badge": "1;97;42",
    "yellow badge": "1;30;43",
    "blue badge": "1;97;44",
    "cyan badge": "1;30;46",
}
_ASCII = str.maketrans({"…": "~", "–": "-", "—": "-", "·": "-", "×": "x", "→": ">", "✓": "+", "✗": "x", "∞": "inf", "‖": "|", "−": "-"})
_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.:-=+*#"
_NARROWEST, _WIDEST = 60, 120
_NARROWEST_COLUMN = 6

Style = Callable[[int, Sequence[str]], str]


def columns(text: str) -> int:
    """How many terminal columns the text fills: wide characters count twice, combining ones not at all."""
    return sum(_columns(each) for each in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """The text within so many columns, an ellipsis at its end where something is missing."""
    if columns(text) <= width:
        return text
    kept = ""
    for each in text:
        if columns(kept + each) > width - 1:
            break
        kept += each
    return f"{kept}…"


def cut_left(text: str, width: int) -> str:
    """The end of the text within so many columns, an ellipsis before it where something is missing."""
    if columns(text) <= width:
        return text
    kept = ""
    for each in reversed(text):
        if columns(each + kept) > width - 1:
            break
        kept = each + kept
    return f"…{kept}"


def cut_middle(text: str, width: int) -> str:
    """Both ends of the text within so many columns, an ellipsis between them where something is missing."""
    if columns(text) <= width:
        return text
    head = cut(text, max(width // 2, 1))
    return head + cut_left(text, width - columns(head) + 1).removeprefix("…")


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most so many columns, broken at spaces, within a word only where it is too long."""
    lines = [""]
    for word in text.split():
        rest = word
        while rest:
            gap = 1 if lines[-1] else 0
            room = width - columns(lines[-1]) - gap
            if columns(rest) <= room:
                lines[-1] += " " * gap + rest
                break
            if lines[-1]:
                lines.append("")
                continue
            piece = _fitting(rest, width)
            lines[-1], rest = piece, rest[len(piece) :]
    return lines


def _fitting(text: str, width: int) -> str:
    """The longest beginning that fits, at least one character."""
    used = 0
    for place, each in enumerate(text):
        used += _columns(each)
        if used > width and place:
            return text[:place]
    return text


class Sheet:
    """Lines of terminal text, written from top to bottom."""

    def __init__(self, look: Look) -> None:
        """An empty sheet of the look's width, held within what reads well."""
        self._look = look
        self.width = min(max(look.width, _NARROWEST), _WIDEST)
        self._lines: list[str] = []

    def paint(self, text: str, style: str) -> str:
        """The text in a style, or as it is where colour is off."""
        if not (self._look.colour and style and text):
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One line as it is."""
        self._lines.append(" " * indent + self.paint(text, style))

    def heading(self, title: str, note: str = "") -> None:
        """An empty line and a section's title, its note beside it or, where that is too long, below."""
        self.line()
        if not note or columns(f"{title}  {note}") <= self.width:
            self.line(self.paint(title, "bold") + (f"  {self.paint(note, 'dim')}" if note else ""))
            return
        self.line(title, "bold")
        self.paragraph(note, 2, "dim")

    def paragraph(self, text: str, indent: int, style: str = "", first: str = "") -> None:
        """Wrapped text; `first` hangs in the indent of the first line."""
        for place, each in enumerate(wrap(text, self.width - indent)):
            margin = first.ljust(indent) if place == 0 else " " * indent
            self._lines.append(margin + self.paint(each, style))

    def pair(self, label: str, value: str, label_width: int = 12) -> None:
        """A label with its value, wrapped beside it."""
        for place, each in enumerate(wrap(value, self.width - 2 - label_width)):
            name = label if place == 0 else ""
            self._lines.append(f"  {self.paint(name.ljust(label_width), 'dim')}{each}")

    def bullets(self, items: Iterable[str]) -> None:
        """One wrapped item a line."""
        for each in items:
            self.paragraph(each, 4, first="  ·")

    def command(self, text: str) -> None:
        """A shell command, broken between its words, each line but the last ending in a backslash: it can still be pasted."""
        try:
            words = [shlex.quote(each) for each in shlex.split(text)]
        except ValueError:  # a quotation mark without its partner: not written by a shell
            self.line(text, indent=2)
            return
        lines = [""]
        for each in words:
            if lines[-1] and columns(f"{lines[-1]} {each}") > self.width - 6:
                lines.append("")
            lines[-1] += f" {each}" if lines[-1] else each
        for place, each in enumerate(lines):
            self.line(f"{each} \\" if place < len(lines) - 1 else each, indent=2 if place == 0 else 4)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = (), style: Style = lambda *_: "") -> None:
        """Aligned columns, two apart; the widest give way where the sheet is too narrow."""
        widths = [max(columns(row[place]) for row in (head, *rows)) for place in range(len(head))]
        room = self.width - 2 * len(head)
        while sum(widths) > room and max(widths) > _NARROWEST_COLUMN:
            widths[widths.index(max(widths))] -= 1
        for place, row in enumerate((head, *rows)):
            cells = [cut(text, width) for text, width in zip(row, widths, strict=True)]
            styles = ["dim"] * len(row) if place == 0 else [style(at, row) for at in range(len(row))]
            self._lines.append(self._row(cells, widths, right, styles))

    def _row(self, cells: Sequence[str], widths: Sequence[int], right: Sequence[int], styles: Sequence[str]) -> str:
        parts = []
        for place, (text, width) in enumerate(zip(cells, widths, strict=True)):
            pad = " " * (width - columns(text))
            painted = self.paint(text, styles[place])
            parts.append(pad + painted if place in right else painted + pad)
        return ("  " + "  ".join(parts)).rstrip()

    def spark(self, values: Sequence[float], top: float) -> str:
        """A tiny bar chart of values between 0 and `top`."""
        bars = _ASCII_BARS if self._look.ascii_only else _BARS
        steps = len(bars) - 1
        return "".join(bars[round(min(max(each / top, 0.0), 1.0) * steps)] if top > 0 else bars[0] for each in values)

    def text(self) -> str:
        """Everything written, ending in one line feed."""
        whole = "\n".join(self._lines) + "\n"
        if not self._look.ascii_only:
            return whole
        return "".join(each if each.isascii() else f"\\u{{{ord(each):x}}}" for each in whole.translate(_ASCII))
