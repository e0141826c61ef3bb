"""`lorascan cache prune`: forgets old results."""

from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._options import CacheFolder
from lorascan.commands.cache_stats import opened


def prune(
    *,
    older_than: Annotated[float, typer.Option(min=0, help="Days after which a result is removed.")] = 30.0,
    cache_dir: CacheFolder = None,
) -> None:
    """Remove what was kept in earlier days, and the oldest where all together are too large."""
    from lorascan.answers import Answers  # noqa: PLC0415 - the help stays light

    found = opened(cache_dir)
    answers = Answers.of(found).prune(older_than_days=older_than)
    typer.echo(f"{found.prune(older_than_days=older_than):,} results and {answers:,} answers of bases removed")


COMMAND = Command(name="prune", run=prune, group="cache")
