"""`lorascan cache clear`: forgets every result and answer."""

import typer

from lorascan.commands import Command
from lorascan.commands._options import CacheFolder
from lorascan.commands.cache_stats import opened


def clear(*, cache_dir: CacheFolder = None) -> None:
    """Remove every result, and every answer of a base, that is kept."""
    from lorascan.answers import Answers  # noqa: PLC0415 - the help stays light

    found = opened(cache_dir)
    answers = Answers.of(found).prune(most_bytes=-1)
    typer.echo(f"{found.clear():,} results and {answers:,} answers of bases removed")


COMMAND = Command(name="clear", run=clear, group="cache")
