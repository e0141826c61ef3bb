"""Refuses rules that no detector has."""

import difflib
from collections.abc import Iterable, Mapping

from lorascan.core.errors import UsageError
from lorascan.detectors import rules


def demand_known(named: Mapping[str, Iterable[str]]) -> None:
    """Raise UsageError for the first code that is none, with who names it: a mistyped rule would let pass what it was to stop."""
    known = rules()
    for who, codes in named.items():
        for code in codes:
            if code not in known:
                near = difflib.get_close_matches(code, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                message = f"{who} names {code}, and there is no such rule{hint}"
                raise UsageError(message)
