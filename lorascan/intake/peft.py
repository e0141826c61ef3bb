"""Reads an embedded PEFT config, field by field."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from lorascan.core.adapter import PeftClaims
from lorascan.core.errors import Refusal, Refused
from lorascan.intake import strict_json
from lorascan.settings import Limits

ValueT = TypeVar("ValueT")

KEY = "lora_adapter_metadata"
WHERE = f"__metadata__.{KEY}"
_ITEMS = 200_000  # JSON commas; a rank and an alpha for each of 20,000 modules, and room
_MAX_PATTERN = 512
_LITERAL_PATH = re.compile(r"\^?((?:\w|[-.:/]|\\\.)+)\$?", re.ASCII)
_WHOLE_MODEL = ("all-linear",)  # PEFT's own keyword
_MATCHERS = ("target_modules", "exclude_modules", "layers_pattern", "modules_to_save", "target_parameters")
_OWN_LIBRARIES = ("diffusers", "transformers", "peft")
_MEGATRON = "megatron.core"  # PEFT's default, imported only where megatron_config is set
_INITIALISATIONS = ("true", "false", "gaussian")
_SHOWN = 200


def read_peft(text: str, limits: Limits) -> dict[str, PeftClaims]:
    """Component → its claims. diffusers writes "unet.r" from a pipeline and "r" from a bare model (component "").

    Raises Refused: LS106 duplicate keys, LS400 unreadable, LS401 anything that PEFT would take for a regular
    expression and that is no literal module path, LS402 rank, LS403 alpha that is no finite number.
    """
    where, depth = WHERE, limits.json_depth
    config = strict_json.parse(text.encode(), code="LS400", where=where, depth=depth, items=_ITEMS)
    if not isinstance(config, dict):
        raise Refused(Refusal(code="LS400", message="the adapter config is no JSON object", where=where))
    components: dict[str, dict[str, object]] = {}
    for key, value in config.items():
        component, _, name = ("", "", key) if "." not in key else key.partition(".")
        components.setdefault(component, {})[name] = value
    faults: list[Refusal] = []
    claims = {
        name: _Config(values=values, where=f"{where}.{name}".rstrip("."), faults=faults).claims(limits)
        for name, values in components.items()
    }
    if faults:
        raise Refused(*faults)
    return claims


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    """One component's fields, read by typed getters that note a fault and go on."""

    values: Mapping[str, object]
    where: str
    faults: list[Refusal] = field(default_factory=list)

    def claims(self, limits: Limits) -> PeftClaims:
        for name in _MATCHERS:
            self._modules(name)
        return PeftClaims(
            rank=self._rank("r", self.values.get("r"), limits),
            alpha=self._number("lora_alpha", self.values.get("lora_alpha")),
            rank_stabilized=self._switch("use_rslora"),
            rank_pattern=_present({key: self._rank("rank_pattern", each, limits) for key, each in self._pattern("rank_pattern")}),
            alpha_pattern=_present({key: self._number("alpha_pattern", each) for key, each in self._pattern("alpha_pattern")}),
            target_modules=_words(self.values.get("target_modules")),
            peft_type=self._text("peft_type"),
            bias=self._text("bias"),
            initialisation=self._initialisation(),
            replicates_layers=bool(self.values.get("layer_replication")),
            modules_to_save=_words(self.values.get("modules_to_save")),
            base=self._text("base_model_name_or_path"),
            imports=tuple(self._imports()),
        )

    def _fault(self, code: str, name: str, message: str, measured: object = None) -> None:
        shown = None if measured is None else str(measured)[:_SHOWN]
        self.faults.append(Refusal(code=code, message=message, where=f"{self.where}.{name}", measured=shown))

    def _rank(self, name: str, value: object, limits: Limits) -> int | None:
        if value is None:
            return None
        if type(value) is not int or not 0 < value <= limits.rank:
            self._fault("LS402", name, f"a rank must be a whole number from 1 to {limits.rank:,}", value)
            return None
        return value

    def _number(self, name: str, value: object) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._fault("LS403", name, "alpha is no finite number", value)
            return None
        return float(value)

    def _switch(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            self._fault("LS400", name, "a switch is neither true nor false", value)
        return value is True

    def _text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        self._fault("LS400", name, "a text is expected here", value)
        return None

    def _initialisation(self) -> str | None:
        value = self.values.get("init_lora_weights")
        told = value.lower() if isinstance(value, str) else str(value).lower()
        return None if value is None or told in _INITIALISATIONS else told[:_SHOWN]

    def _pattern(self, name: str) -> Iterable[tuple[str, object]]:
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            self._fault("LS400", name, "a pattern must map module paths to numbers", value)
            return
        for key, each in value.items():
            if path := self._literal(name, key):
                yield path, each

    def _modules(self, name: str) -> None:
        value = self.values.get(name)
        if isinstance(value, str) and value not in _WHOLE_MODEL:
            self._literal(name, value)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, str):
                    self._literal(name, each)
                else:
                    self._fault("LS400", name, "a module path is expected here", each)
        elif value is not None and not isinstance(value, str):
            self._fault("LS400", name, "module paths are expected here", value)

    def _literal(self, name: str, pattern: str) -> str:
        """The module path that a pattern stands for, without anchors; "" and a fault where it is more than that."""
        match = _LITERAL_PATH.fullmatch(pattern) if len(pattern) <= _MAX_PATTERN else None
        if match is None:
            message = "PEFT runs this as a regular expression on every module name; only plain module paths are read"
            self._fault("LS401", name, message, pattern)
            return ""
        return match[1].replace("\\.", ".")

    def _imports(self) -> Iterable[str]:
        mapping = self.values.get("auto_mapping")
        library = mapping.get("parent_library") if isinstance(mapping, dict) else None
        if mapping and not (isinstance(library, str) and library.partition(".")[0] in _OWN_LIBRARIES):
            yield f"auto_mapping = {mapping}"[:_SHOWN]
        for name in ("auto_map", "trust_remote_code", "megatron_config"):
            if value := self.values.get(name):
                yield f"{name} = {value}"[:_SHOWN]
        if self.values.get("megatron_core") not in (None, _MEGATRON):
            yield f"megatron_core = {self.values['megatron_core']}"[:_SHOWN]


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _present(found: Mapping[str, ValueT | None]) -> dict[str, ValueT]:
    return {key: each for key, each in found.items() if each is not None}
