"""What stands beside an adapter in the folder that was audited."""

from dataclasses import dataclass

from lorascan.core.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A program or code beside the weights; `named_by` is the config file that names it, "" where none does."""

    path: str
    kind: str
    named_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What concerns one adapter in a folder; paths are relative to that folder.

    `links`: path → where the link leads, for those that leave the folder and concern this adapter; `links_apart` concern none of
    the folder's adapters, `links_of_others` another one. `refusals`: what is wrong with pickles and
    archives that are no adapter, and with configs. `unread`: what was not looked at, with the reason. `names`: every path
    in the folder that is more than plain ASCII words.
    """

    folder: str
    neighbours: tuple[Neighbour, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    links_apart: tuple[tuple[str, str], ...] = ()
    links_of_others: tuple[tuple[str, str], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unread: tuple[str, ...] = ()
    files: int = 0
    names: tuple[str, ...] = ()
