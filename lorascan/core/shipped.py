"""Finds files that ship beside the code."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(*parts: str) -> Path:
    """The path of a shipped file or folder, such as `shipped("probes", "core.toml")`.

    A wheel holds `probes/` and `reports/` under `lorascan/_shipped/`; a checkout has them beside the package.
    Raises FileNotFoundError where neither has it: a broken installation.
    """
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise FileNotFoundError("/".join(parts))
