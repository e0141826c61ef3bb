"""`lorascan cache stats`: what is kept."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lorascan.commands import Command
from lorascan.commands._options import CacheFolder

if TYPE_CHECKING:
    from lorascan.cache import Cache


def stats(*, cache_dir: CacheFolder = None) -> None:
    """Print where results and answers of bases are kept, how many, and their size."""
    from lorascan.answers import Answers  # noqa: PLC0415 - the help stays light

    found = opened(cache_dir)
    told, sizes = found.stats(), Answers.of(found).sizes()
    typer.echo(f"{found.folder}\n{told.entries:,} results, {told.size:,} bytes\n{len(sizes):,} answers of bases, {sum(sizes):,} bytes")


def opened(folder: Path | None) -> "Cache":
    """The cache in a folder, or the one in force. Raises UsageError where the folder cannot be trusted."""
    from lorascan.cache import Cache, default_folder  # noqa: PLC0415 - the help stays light
    from lorascan.config import effective  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    cache = Cache(folder or effective({}).config.cache_dir or default_folder())
    if trouble := cache.trouble():
        message = f"{cache.folder}: {trouble}"
        raise UsageError(message)
    return cache


COMMAND = Command(name="stats", run=stats, group="cache")
