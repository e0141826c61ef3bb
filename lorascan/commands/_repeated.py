"""Names as options the settings that a call got from elsewhere."""

from collections.abc import Iterator
from pathlib import Path

from lorascan.config import PREFIX, Effective

_BESIDE = frozenset({"cache", "cache_dir", "format", "color", "waiver"})
"""What neither the verdict nor a report's content depends on; and waivers, which only a config file has."""


def options_from_elsewhere(found: Effective, config: Path | None) -> tuple[str, ...]:
    """The words to put after the command's name so that it repeats a call without its environment.

    A config file in force that was not named (`config`) is; a setting of `LORASCAN_*` becomes its option. Paths are as the
    report tells them, so that the repeated call writes the same report.
    """
    words: list[str] = []
    if found.path is not None and config is None:
        words += ["--config", str(found.path)]
    for name, origin in sorted(found.origins.items()):
        if origin.startswith(PREFIX) and name not in _BESIDE:
            words += _option(name, getattr(found.config, name))
    return tuple(words)


def _option(name: str, value: object) -> Iterator[str]:
    """`--seed 3`; a switch stands alone; what may be told several times is."""
    option = f"--{name.replace('_', '-')}"
    if name == "images":
        yield option if value else "--no-images"
    elif isinstance(value, bool):
        yield from [option] if value else []
    elif value is not None:
        for each in value if isinstance(value, tuple) else (value,):
            yield from [f"{option}={each}"] if str(each).startswith("-") else [option, str(each)]
