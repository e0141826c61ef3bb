"""Makes foreign text safe in every kind of output."""

from lorascan.core.text import MAX_SHOWN, code_points, visible


def foreign(text: str, limit: int = MAX_SHOWN) -> str:
    """One visible line that no CI system takes for a workflow command.

    GitHub reads `::command::` and `##[command]` in any log line, after any indent; Azure reads `##vso[`. Their second
    character is written as an escape.
    """
    return visible(text, limit).replace("::", r":\u{3a}").replace("##", r"#\u{23}")


def quoted(text: str, limit: int = 60) -> str:
    """Foreign text between quotation marks, so that its end shows; the empty text says so."""
    return f'"{foreign(text, limit)}"' if text else "(empty)"


def shortened(text: str, limit: int = 60) -> str:
    """Foreign text whose middle gives way: what tells two names apart stands at their ends."""
    if len(text) <= limit:
        return foreign(text, limit)
    head = (limit - 1) // 2
    return f"{foreign(text[:head], head)}…{foreign(text[head + 1 - limit :], limit)}"


def named(text: str, replaces: str = "", limit: int = 60) -> str:
    """A text under test so that it can be read: quoted, what it stands in for, and its code points outside ASCII."""
    instead = f' for "{foreign(replaces, limit)}"' if replaces else ""
    points = code_points(text[:limit])
    return f"{quoted(text, limit)}{instead}{f' ({points})' if points else ''}"
