"""`lorascan config show`: the settings in force."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._options import ConfigFile
from lorascan.commands._stderr import say


def show(
    target: Annotated[
        list[str] | None, typer.Argument(help="What will be audited: config files beside it are not read.", show_default=False)
    ] = None,
    *,
    config: ConfigFile = None,
) -> None:
    """Print every setting in force and where it comes from; waivers with whether they still count."""
    from datetime import UTC, datetime  # noqa: PLC0415 - the help stays light

    from lorascan.config import effective  # noqa: PLC0415

    found = effective({}, file=config, scanned=[Path(each) for each in target or ()])
    for each in found.ignored:
        say(f"{each} stands beside what is scanned and is not read")
    told = found.config.model_dump(mode="json", exclude={"waiver"})
    width = max(map(len, told))
    for name, value in told.items():
        shown = "" if value is None else json.dumps(value, ensure_ascii=True)
        sys.stdout.write(f"{name.replace('_', '-'):<{width}}  {shown:<12}  # {json.dumps(found.origins.get(name, 'default'))[1:-1]}\n")
    today = datetime.now(UTC).date()
    for waiver in found.config.waiver:
        counts = "EXPIRED, counts no longer" if waiver.expired(today) else "counts"
        sys.stdout.write(f"# {waiver} ({counts}): reason {json.dumps(waiver.reason)}, by {json.dumps(waiver.by)}\n")


COMMAND = Command(name="show", run=show, group="config")
