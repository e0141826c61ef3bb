"""Undoes the spellings in which a text hides from a search and not from its reader."""

import html
import re
import unicodedata
from functools import lru_cache

_MASKED = re.compile(
    r"&(?:amp;)?(?:#|(?:lt|gt|quot|colon|lpar|newline|tab);)|%[2-7][0-9a-f]|\\x[2-7][0-9a-f]|\\u00[2-7][0-9a-f]"
    "|[\uff1c\uff1e\uff21-\uff3a\uff41-\uff5a\u2100-\u214f\u2160-\u217f\u24b6-\u24e9\U0001d400-\U0001d7ff]",
    re.IGNORECASE,
)
_BYTES = re.compile(r"(?:%|\\x|\\u00)([2-7][0-9a-f])", re.IGNORECASE)
_BREAKS = re.compile(r"(?<=\w)[\t\r\n]+(?=\w)")


@lru_cache(maxsize=2)
def unmasked(value: str) -> str:
    r"""The text with HTML entities, %3c, \x3c and \u003c read, wide and mathematical letters made plain; "" where nothing changes.

    Only printable ASCII comes out of bytes. A line break that stood as an entity inside a word is taken out, as browsers do.
    """
    if value.isascii() and not any(mark in value for mark in "&%\\"):
        return ""
    if not _MASKED.search(value):
        return ""
    read = _BYTES.sub(lambda match: chr(int(match[1], 16)), value)
    if "&" in read:
        entities = html.unescape(html.unescape(read))  # what was escaped twice is escaped once where it is shown
        read = _BREAKS.sub("", entities) if entities != read else read
    plain = read if read.isascii() else unicodedata.normalize("NFKC", read)
    return plain if plain != value else ""
