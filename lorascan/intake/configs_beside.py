"""Judges the configs that stand beside an adapter and are not its own."""

import re
from collections.abc import Iterator

from lorascan.core.errors import Refusal, Refused
from lorascan.intake import strict_json
from lorascan.intake.companions import CONFIG
from lorascan.intake.peft import read_peft
from lorascan.intake.requests import imports
from lorascan.settings import Limits

JSON, YAML = (".json",), (".yaml", ".yml")
_ITEMS = 100_000  # JSON commas; a longer one is no config
_REACHING = re.compile(
    r"__(?:class|globals|subclasses|builtins|mro|import|reduce|getattribute)__|!!?python/\w+|(?:\A|\n)[ -]*_target_[ ]*:"
)
"""What templates, YAML tags and Hydra's key reach into the interpreter by."""
_INDEX = "model_index.json"
_LIBRARIES = frozenset({"diffusers", "transformers", "onnxruntime", "flax", "stable_diffusion", "k_diffusion", "peft"})
_CLASS = re.compile(r"\w+", re.ASCII)
_REPORTED = 5
_SHOWN = 200  # characters


def asked(name: str, text: str, limits: Limits, *, owned: bool) -> Iterator[Refusal]:
    """LS404 for what a JSON or YAML file of this name makes some loader import, where it can be read.

    An adapter config that belongs to no adapter (`owned` false) is judged as if it did: LS400 to LS403 too.
    """
    if name == CONFIG and not owned:
        try:
            read_peft(text, limits, where=CONFIG)
        except Refused as refused:
            yield from refused.refusals[:_REPORTED]
    if name.lower().endswith((*JSON, *YAML)) and (reached := _REACHING.search(text)):
        yield _named(reached[0])
    if name.lower().endswith(JSON):
        yield from (_named(each) for each in _imported(name, text, limits)[:_REPORTED])


def _imported(name: str, text: str, limits: Limits) -> list[str]:
    try:
        value = strict_json.parse(
            text.encode("utf-8", "surrogatepass"), code="LS400", where="config", depth=limits.json_depth, items=_ITEMS
        )
    except Refused:
        return []  # no loader acts on what it cannot read; what is an adapter config was judged above
    if not isinstance(value, dict):
        return []
    named = value.get("_class_name")
    odd = named is not None and not (isinstance(named, str) and _CLASS.fullmatch(named))
    return [*imports(value), *([f"_class_name = {named}"[:_SHOWN]] if odd else []), *(_parts(value) if name == _INDEX else ())]


def _parts(index: dict[str, object]) -> Iterator[str]:
    """The parts of a pipeline whose library is none that diffusers comes with: it would be imported by that name."""
    for part, told in index.items():
        if isinstance(told, list) and told and isinstance(told[0], str) and told[0].partition(".")[0] not in _LIBRARIES:
            yield f"{part} = {told}"[:_SHOWN]


def _named(what: str) -> Refusal:
    return Refusal(code="LS404", message="it names code for a loader to import", where="config", measured=what)
