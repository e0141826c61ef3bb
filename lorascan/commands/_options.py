"""Options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lorascan.commands._late_help import FORMATS, SUFFIXES

Declared = Annotated[
    list[str] | None,
    typer.Option(help="A trigger phrase declared outside the file, such as on its page (repeatable).", show_default=False),
]
Partner = Annotated[
    Path | None,
    typer.Option(
        "--with", help="A second adapter, loaded together with each target: what do both do that neither does alone?", show_default=False
    ),
]
Base = Annotated[
    str | None,
    typer.Option(
        help='"lab", a diffusers folder, or a name in the local hub cache. Default: the lab where the adapter fits it.',
        show_default=False,
    ),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Read this config file and search for none.", show_default=False)]
PolicyChoice = Annotated[
    str | None,
    typer.Option(
        help="static: file and weights only; ci (default): all stages; strict: a review rejects; research: never blocks but on a "
        "reject; or a TOML file.",
        show_default=False,
    ),
]
Baseline = Annotated[
    Path | None,
    typer.Option(
        help="An earlier JSON report: what it holds needs no review again, but for LS1xx and LS3xx; rejects stay.", show_default=False
    ),
]
CalibrationFile = Annotated[
    Path | None,
    typer.Option(help="What `lorascan calibrate` learnt of your own honest adapters: a review where one stands out.", show_default=False),
]
CacheFolder = Annotated[Path | None, typer.Option(help="Where results are kept.", show_default=False)]


class Level(StrEnum):
    """A severity, as an option takes it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class When(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class LogFormat(StrEnum):
    """How stderr is written."""

    TEXT = "text"
    JSON = "json"


class Told(StrEnum):
    """How a small command tells what it found."""

    TEXT = "text"
    JSON = "json"


FailOn = Annotated[
    Level | None,
    typer.Option(help="Findings from this severity on need a review, others are only reported; rejects stay.", show_default=False),
]
MinSeverity = Annotated[
    Level | None, typer.Option(help="Show people no findings below this; changes neither verdict nor data.", show_default=False)
]
Color = Annotated[When | None, typer.Option(help="Colour on stdout: auto, always, never.", show_default=False)]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        help=f"Also write a report; its suffix says the format: {SUFFIXES}; or FORMAT=PATH (repeatable).",
        show_default=False,
    ),
]
Targets = Annotated[
    list[str],
    typer.Argument(help="Adapter files, folders or globs; - is stdin; hf://owner/repo[@revision]/file with --online.", show_default=False),
]
Scorer = Annotated[
    Path | None, typer.Option(help="open_clip folder that scores pictures (needed with a base of your own).", show_default=False)
]
Device = Annotated[str | None, typer.Option(help="auto, cpu or cuda.", show_default=False)]
Isolation = Annotated[
    str | None,
    typer.Option(
        help="auto, namespaces, process or container; none-at-my-own-risk runs WITHOUT a lock and is refused in CI.", show_default=False
    ),
]
Printed = Annotated[str | None, typer.Option("--format", "-f", help=f"What stdout gets: {FORMATS}; text by default.", show_default=False)]
Template = Annotated[
    Path | None,
    typer.Option(
        help="A Jinja template of your own for stdout, or for -o template=PATH; it gets what the JSON report holds.", show_default=False
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of every random choice; 0 by default.", show_default=False)]
Budget = Annotated[
    str | None,
    typer.Option(
        help="How much to search: default, thorough, or seconds in which a search may begin; what is left out is said. Default: the "
        "policy's own, thorough for strict and research.",
        show_default=False,
    ),
]
AllowList = Annotated[
    Path | None, typer.Option(help="SHA-256 digests whose findings are set aside, those of the container excepted.", show_default=False)
]
BlockList = Annotated[Path | None, typer.Option(help="SHA-256 digests that are rejected.", show_default=False)]
MaxSize = Annotated[str | None, typer.Option(help="Largest file that is read, such as 500MB.", show_default=False)]
Timeout = Annotated[float | None, typer.Option(help="Wall seconds for one file; then it is undecided.", show_default=False)]
StdinFilename = Annotated[str | None, typer.Option(help="What the adapter from stdin is called.", show_default=False)]
UseCache = Annotated[
    bool | None, typer.Option("--cache/--no-cache", help="Take results of earlier audits of the same bytes (default).", show_default=False)
]
Images = Annotated[
    bool | None,
    typer.Option(
        "--images/--no-images",
        help="Show pictures in the HTML page, blurred until asked for (default), or leave them out of every report.",
        show_default=False,
    ),
]
KeepGoing = Annotated[
    bool | None, typer.Option("--keep-going", help="Load a file that is already rejected (researchers).", show_default=False)
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Report only: exit 0 whatever the verdict.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar; in a log no line every half minute on what is done.")]
Online = Annotated[bool, typer.Option("--online", help="Allow hf:// targets: nothing else is fetched, and nothing without it.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what is done with each file; tell each of several in full.")]
Log = Annotated[LogFormat, typer.Option(help="stderr as text or as one JSON object a line.")]
