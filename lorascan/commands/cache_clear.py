"""`lorascan cache clear`: forgets every result."""

import typer

from lorascan.commands import Command
from lorascan.commands._options import CacheFolder
from lorascan.commands.cache_stats import opened


def clear(*, cache_dir: CacheFolder = None) -> None:
    """Remove every result that is kept."""
    typer.echo(f"{opened(cache_dir).clear():,} results removed")


COMMAND = Command(name="clear", run=clear, group="cache")
