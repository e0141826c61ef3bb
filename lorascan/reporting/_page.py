"""What every page of ours shares: its policy, its assets, its escaping."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from lorascan.core.shipped import shipped
from lorascan.reporting import _numbers as write
from lorascan.reporting._foreign import foreign, named, quoted, shortened
from lorascan.reporting._layers import short
from lorascan.reporting._machine import suppression

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_BYTES = 6_000_000
"""Of one page: what a mail gateway and a browser on a phone still take."""
_LONGEST = 600
"""Characters of one foreign text on the page; JSON has the whole."""


def asset(*parts: str) -> str:
    """A shipped style, script or library as text."""
    return shipped("reports", "templates", *parts).read_text(encoding="utf-8")


def frame(*, style: str, script: str, library: str = "") -> Mapping[str, Any]:
    """The page's own style and scripts as markup, and the Content-Security-Policy that admits these and nothing else."""
    from markupsafe import Markup  # noqa: PLC0415 - only a page pays for it

    scripts = " ".join(_source(each) for each in (library, script) if each)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {_source(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    ours = {"content_policy": policy, "style": style, "script": script, "library": library}
    return {name: Markup(text) for name, text in ours.items()}  # noqa: S704 - shipped files and digests, nothing foreign


def _source(text: str) -> str:
    """The Content-Security-Policy source that admits exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


@cache
def environment() -> "Environment":
    """Escapes by default, twice: what would hide or reorder text becomes visible, then markup becomes text.

    One for all pages of a process: a template takes longer to compile than to fill.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only a page pays for it

    made = Environment(
        loader=FileSystemLoader(shipped("reports", "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "seen": foreign,
        "shortened": shortened,
        "quoted": quoted,
        "named": named,
        "suppression": suppression,
        "short": short,
        "number": write.number,
        "fixed": write.fixed,
        "scalar": write.scalar,
        "size": write.size,
        "seconds": write.seconds,
        "p_value": write.p_value,
        "share": write.share,
    }
    made.globals["count"] = write.count
    return made


def _shown(value: object) -> object:
    """What a template prints: text of any origin is foreign unless it is markup of our own."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return foreign(value, _LONGEST)
    return value
