"""Help whose words are gathered only when it is asked for."""

from typing import Any

from typer.core import TyperCommand

SUFFIXES = "{suffixes}"
FORMATS = "{formats}"


class LateHelp(TyperCommand):
    """A command in whose help the known formats and suffixes of reports are filled in from the catalogue of formats."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - click, which newer typers bring along
        """Fill in, then write as usual."""
        from lorascan.reporting import formats, known_suffixes  # noqa: PLC0415 - no other command needs the formats' libraries

        printed = ", ".join(each.name for each in formats().values() if each.pack is None)
        for each in self.params:
            told = getattr(each, "help", None)
            if isinstance(told, str):
                each.help = told.replace(SUFFIXES, " ".join(known_suffixes())).replace(FORMATS, printed)  # type: ignore[attr-defined]  # options have a help
        super().format_help(ctx, formatter)
