"""Reads a PEFT config, field by field."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lorascan.core.adapter import PeftClaims
from lorascan.core.errors import Refusal, Refused
from lorascan.intake import strict_json
from lorascan.intake.config_patterns import Judged, judge, literal
from lorascan.intake.requests import imports, places, plain_name
from lorascan.settings import Limits

ValueT = TypeVar("ValueT", int, float)

KEY = "lora_adapter_metadata"
WHERE = f"__metadata__.{KEY}"
_ITEMS = 200_000  # JSON commas; a rank and an alpha for each of 20,000 modules, and room
_MODULE_LISTS = ("target_modules", "exclude_modules", "layers_pattern", "modules_to_save", "target_parameters")
_BASE_CHANGING_CONFIGS = ("kasa_config", "loftq_config", "corda_config", "lora_ga_config")
_INITIALISATIONS = ("true", "false", "gaussian", "eva", "orthogonal")
"""Those that leave the base as it is; what is not named here is told."""
_SWITCHES = ("use_dora", "use_qalora", "fan_in_fan_out", "inference_mode", "ensure_weight_tying")
_TYPED = frozenset(
    (
        *("r", "lora_alpha", "alpha", "peft_type", "bias", "init_lora_weights", "rank_pattern", "alpha_pattern", "use_rslora", "lora_bias"),
        *("base_model_name_or_path", "layer_replication", "trainable_token_indices", "auto_mapping", *_SWITCHES, *_MODULE_LISTS),
    )
)
"""Fields that act; a name that only looks like one of them deceives its reader."""
_STRENGTH = frozenset({"r", "lora_alpha", "peft_type", "target_modules", "rank_pattern", "alpha_pattern"})
"""By which a map inside a config is known for another config."""
_FACTOR = re.compile(r"\.(?:lora|hada|lokr|oft|dora|diff|alpha)(?:[._]|\Z)")
_WRAPPER = "base_model.model."
_FLATTENED = "lora_"  # kohya's names: no path can be read from them
_SHOWN = 200


def read_peft(text: str, limits: Limits, *, where: str = WHERE, tensors: Sequence[str] = ()) -> dict[str, PeftClaims]:
    """Component → its claims. diffusers writes "unet.r" from a pipeline and "r" from a bare model (component "").

    `tensors` are the names in the file: patterns are resolved against the modules that they address. Raises Refused:
    LS106 duplicate keys, LS400 unreadable, LS401 a regular expression that is dangerous or invalid, LS402 rank, LS403
    alpha that is no finite number; Unavailable where expressions could not be run.
    """
    config = strict_json.parse(text.encode("utf-8", "surrogatepass"), code="LS400", where=where, depth=limits.json_depth, items=_ITEMS)
    if not isinstance(config, dict):
        raise Refused(Refusal(code="LS400", message="the adapter config is no JSON object", where=where))
    components: dict[str, dict[str, object]] = {}
    for key, value in config.items():
        component, _, name = ("", "", key) if "." not in key else key.partition(".")
        components.setdefault(component, {})[name] = value
    faults: list[Refusal] = []
    claims: dict[str, PeftClaims] = {}
    for name, values in components.items():
        place = f"{where}.{name}".rstrip(".")
        modules = _modules(tensors, name)
        judged = judge(values, place, modules)
        faults.extend(judged.faults)
        config_of_one = _Config(values=values, where=place, judged=judged, faults=faults)
        claims[name] = config_of_one.claims(where, modules, limits)
    if faults:
        raise Refused(*faults)
    return claims


def _modules(tensors: Sequence[str], component: str) -> tuple[str, ...]:
    """The module paths that tensor names address, as PEFT sees them inside the component, each once.

    Text-encoder paths stand with and without `text_model.`: versions of the library differ in it.
    """
    found: dict[str, None] = {}
    for name in tensors:
        match = _FACTOR.search(name)
        stem = name[: match.start()].removeprefix(_WRAPPER) if match else ""
        path = stem.removeprefix(f"{component}.") if component else stem
        if path and (not component or path != stem):
            found[path] = None
            found[path.removeprefix("text_model.")] = None
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    """One component's fields, read by typed getters that note a fault and go on."""

    values: Mapping[str, object]
    where: str
    judged: Judged
    faults: list[Refusal] = field(default_factory=list)

    def claims(self, source: str, modules: Sequence[str], limits: Limits) -> PeftClaims:
        for name in _MODULE_LISTS:
            self._module_list(name)
        for name in _SWITCHES:
            self._switch(name)
        self._look_alikes()
        rank = self._own_rank(limits)
        ranks = [(key, self._rank("rank_pattern", each, limits)) for key, each in self._items("rank_pattern")]
        alphas = [(key, self._number("alpha_pattern", each)) for key, each in self._items("alpha_pattern")]
        return PeftClaims(
            rank=rank,
            alpha=self._alpha(),
            rank_stabilized=self._switch("use_rslora"),
            rank_pattern=self._resolved("rank_pattern", ranks),
            alpha_pattern=self._resolved("alpha_pattern", alphas),
            target_modules=_words(self.values.get("target_modules")),
            peft_type=self._text("peft_type"),
            bias=self._bias(),
            initialisation=self._initialisation(),
            replicates_layers=bool(self.values.get("layer_replication")),
            modules_to_save=_words(self.values.get("modules_to_save")),
            base=self._text("base_model_name_or_path"),
            imports=tuple(imports(self.values)),
            source=source,
            places=places(self.values),
            replaces_tokens=bool(self.values.get("trainable_token_indices")),
            targets_met=self._targets_met(modules),
        )

    def _own_rank(self, limits: Limits) -> int | None:
        """The rank of most modules; OFT writes 0 where it gives the size of its blocks instead."""
        value = self.values.get("r")
        blocks = self.values.get("peft_type") == "OFT" and type(value) is int and value == 0
        return None if blocks else self._rank("r", value, limits)

    def _bias(self) -> str | None:
        """Which biases train: `bias`, and `lora_bias`, which adds one to every update."""
        told = self._text("bias")
        return "lora_bias" if self._switch("lora_bias") and told in (None, "none") else told

    def _alpha(self) -> float | None:
        """PEFT calls it `alpha` for LoHa and LoKr."""
        name = "alpha" if self.values.get("peft_type") in ("LOHA", "LOKR") else "lora_alpha"
        return self._number(name, self.values.get(name))

    def _fault(self, code: str, name: str, message: str, measured: object = None) -> None:
        shown = None if measured is None else str(measured)[:_SHOWN]
        self.faults.append(Refusal(code=code, message=message, where=f"{self.where}.{name}", measured=shown))

    def _look_alikes(self) -> None:
        for name, value in self.values.items():
            if name not in _TYPED and plain_name(name.partition(".")[0]) in _TYPED:
                self._fault("LS400", name[:_SHOWN], f"a field that looks like {plain_name(name)} and is none")
            if name not in _TYPED and isinstance(value, dict) and not _STRENGTH.isdisjoint(value):
                self._fault("LS400", name[:_SHOWN], "a config inside the config: loaders differ in which one they believe")

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
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            self._fault("LS400", name, "a switch is neither true nor false", value)
        return value is True

    def _text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        self._fault("LS400", name, "a text is expected here", value)
        return None

    def _initialisation(self) -> str | None:
        """The way of starting, where it is none of the plain ones; a config that changes the base counts as one."""
        value = self.values.get("init_lora_weights")
        told = value.lower() if isinstance(value, str) else str(value).lower()
        if value is not None and told not in _INITIALISATIONS:
            return told[:_SHOWN]
        return next((name.removesuffix("_config") for name in _BASE_CHANGING_CONFIGS if self.values.get(name)), None)

    def _items(self, name: str) -> Iterable[tuple[str, object]]:
        value = self.values.get(name) or {}
        if isinstance(value, dict):
            return value.items()
        self._fault("LS400", name, "a pattern must map module paths to numbers", value)
        return ()

    def _resolved(self, name: str, found: Sequence[tuple[str, ValueT | None]]) -> dict[str, ValueT]:
        """Module path → number. As in PEFT the first pattern that matches a module decides; one that matches none stands for itself."""
        paths: dict[str, ValueT] = {}
        for key, number in found:
            for path in (plain,) if (plain := literal(key)) else self.judged.paths.get((name, key)) or (key,):
                if number is not None:
                    paths.setdefault(path, number)
        return paths

    def _targets_met(self, modules: Sequence[str]) -> int | None:
        """How many modules of the file the targets address; None where nothing can be compared."""
        value = self.values.get("target_modules")
        if not value or not modules or modules[0].startswith(_FLATTENED):
            return None
        if isinstance(value, str):
            met = self.judged.paths.get(("target_modules", value))
            return None if met is None else len(met)
        endings = tuple(each for each in _words(value) if each)
        return sum(f".{path}".endswith(tuple(f".{each}" for each in endings)) for path in modules)

    def _module_list(self, name: str) -> None:
        value = self.values.get(name)
        if isinstance(value, list):
            for each in value:
                if not isinstance(each, str):
                    self._fault("LS400", name, "a module path is expected here", each)
        elif value is not None and not isinstance(value, str):
            self._fault("LS400", name, "module paths are expected here", value)


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
