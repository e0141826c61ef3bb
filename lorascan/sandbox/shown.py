"""Makes a worker's own words safe to print."""

import re

from lorascan.core.text import visible

_MOST = 2000
_WORKFLOW_COMMAND = re.compile(r"::|##(?=\[|vso)")


def shown(text: str, limit: int = _MOST) -> str:
    """The last `limit` characters as one line: no control character, nothing that a CI log would obey."""
    lines = [line.strip() for line in text.strip()[-limit:].splitlines() if line.strip()]
    broken = _WORKFLOW_COMMAND.sub(lambda found: " ".join(found.group()), " / ".join(lines))
    return visible(broken, 2 * limit)
