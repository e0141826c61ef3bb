"""Finds the pickle inside a NumPy array of objects."""

import re

_HEAD = 4096  # bytes of a header that are read; an array of plain numbers has about a hundred
_START = re.compile(rb"\x93NUMPY(?:\x01.(..)|[\x02\x03].(....))", re.DOTALL)
_OBJECTS = re.compile(rb"'descr':[^:]{0,4000}?[|<>=]?O")


def holds_objects(head: bytes) -> bool:
    """Whether these are the first bytes of an array that `numpy.load` would unpickle."""
    return bool(_START.match(head) and _OBJECTS.search(head[:_HEAD]))


def unpickled_part(body: memoryview) -> memoryview:
    """What stands behind the header of an array of objects; of anything else all of it."""
    head = bytes(body[:_HEAD])
    match = _START.match(head)
    if match is None or not holds_objects(head):
        return body
    return body[match.end() + int.from_bytes(match[1] or match[2], "little") :]
