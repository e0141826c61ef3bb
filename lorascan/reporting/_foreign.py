"""Makes foreign text safe in every kind of output."""

from lorascan.core.text import MAX_SHOWN, visible


def foreign(text: str, limit: int = MAX_SHOWN) -> str:
    """One visible line that no CI system takes for a workflow command.

    GitHub reads `::command::` and `##[command]` in any log line, after any indent; Azure reads `##vso[`. Their second
    character is written as an escape.
    """
    return visible(text, limit).replace("::", r":\u{3a}").replace("##", r"#\u{23}")


def quoted(text: str, limit: int = 60) -> str:
    """Foreign text between quotation marks, so that its end shows; the empty text says so."""
    return f'"{foreign(text, limit)}"' if text else "(empty)"
