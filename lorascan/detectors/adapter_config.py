r"""Reports what an adapter config asks of its loader.

What it measures, in `lora_adapter_metadata` and in an `adapter_config.json` beside the file, per component: the scaling
alpha/rank (alpha/√rank where rank-stabilised), also per layer through the patterns (LS403); code to import (LS404); further
modules to save, embedding rows to replace (LS405); initialisations that may change the base (LS407); network paths, and paths
that leave their folder, that a shell would act on or that would be unpickled (LS408); a type that is no weight update
(LS409); targets of which the file holds no tensor, and a type of which it holds no update but those of other types (LS410,
"IA3" over pairs of LoRA factors). While reading are refused: a config that is no sound JSON object,
a field of another type than PEFT's, or one whose name only looks like PEFT's (LS400); a regular expression that is no such,
nests quantifiers, refers back, is longer than 512 characters, or does not end within two seconds of a process of its own
(LS401); a rank that is no whole number from 1 to 4,096 (LS402).

Why it matters: diffusers and PEFT build a `LoraConfig` from this text. Alpha 1e8 hides any strength behind
harmless-looking tensors (LS403 HIGH above 100, MEDIUM outside 1/64 to 16); pissa changed 128 base parameters, which
unloading did not undo; `(([a-z0-9_]+)+\.?)+!` in `target_modules` hangs diffusers (no return within 120 s), and no thread can
stop it; a UNC path sends the reader's Windows credentials to a stranger (LS408 HIGH); types such as XLORA
fetch further adapters, and VeRA and its kin hide the update in a seed. A config whose targets the file does not hold
belongs to another file. PEFT builds the layers of the config's type and drops every tensor of another, ComfyUI and kohya's
scripts apply what the tensors are: one file, two adapters.

When it is wrong: lorascan never acts on the text, so a finding says what other loaders would do. Scalings outside
1/64 to 16 occur in experiments; alpha 0 switches a layer off and is reported, since it is a no-op that looks like an
adapter. Local paths, Windows' included, are silent: trainers write where their base lay. A list that names a few more
targets than the base has is silent too: only one without any tensor is reported. LS401 refuses a repetition inside a
repetition even where its parts cannot overlap: write it without, or list the module paths.

Source: peft 0.21.2 `LoraConfig`, diffusers 0.42.1 `_create_lora_config`, both reproduced on a toy pipeline.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from lorascan.core.adapter import Adapter, FileFacts, PeftClaims, Update
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Scalar, Severity
from lorascan.core.text import visible
from lorascan.core.whole_updates import DoraUpdate


def _rule(code: str, name: str, summary: str, severity: Severity, *cwe: int) -> Rule:
    return Rule(code=code, name=name, summary=summary, severity=severity, cwe=cwe)


UNREADABLE = _rule("LS400", "adapter-config", "The adapter config cannot be read.", Severity.HIGH, 20)
EXPRESSION = _rule(
    "LS401", "regular-expression", "The adapter config holds a dangerous or invalid regular expression.", Severity.HIGH, 1333
)
RANK = _rule("LS402", "rank", "A rank is no whole number in the range that adapters use.", Severity.HIGH, 789, 1284)
SCALING = _rule("LS403", "scaling", "The scaling of the adapter config is far from 1.", Severity.HIGH, 1284)
IMPORTS = _rule("LS404", "config-imports", "The adapter config names code to import.", Severity.HIGH, 94, 829)
MODULES = _rule("LS405", "modules-to-save", "The adapter config replaces whole modules.", Severity.MEDIUM, 915)
START = _rule("LS407", "base-changing-start", "The adapter config changes the base itself.", Severity.MEDIUM, 915)
PLACE = _rule("LS408", "config-path", "The adapter config names a network path or a suspicious file.", Severity.MEDIUM, 610, 829)
KIND = _rule("LS409", "config-type", "The adapter config is of a type that is no weight update.", Severity.HIGH, 829)
TARGETS = _rule(
    "LS410", "targets-without-tensors", "The file holds nothing of what its config targets, or of its type.", Severity.MEDIUM, 829
)

_LOWEST, _HIGHEST, _ABSURD = 1 / 64, 16.0, 100.0
_USUAL_RANK = 8  # what PEFT takes where the config tells none
_WEIGHT_UPDATES = frozenset(
    (
        "LORA",
        "ADALORA",
        "LOHA",
        "LOKR",
        "OFT",
        "BOFT",
        "HRA",
        "IA3",
        "DELORA",
        "GRALORA",
    )
)
_PAIRS = frozenset({"lora", "tucker", "embedding"})
_KINDS = {"LORA": _PAIRS, "ADALORA": _PAIRS, **{each.upper(): frozenset({each}) for each in ("loha", "lokr", "oft", "boft", "ia3")}}
"""Kinds of update that a config's type stands for; tensors of the other types have no kind here."""
_TOLD = frozenset().union(*_KINDS.values())
"""Kinds that tell a type; biases and whole tensors come with every one."""
_REACHING_OUT = re.compile(r"[\w.]+ = (?:\\\\|//|(?:file|smb)://)", re.IGNORECASE)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """The findings of every component."""
    for component, claims in evidence[FileFacts].claims.peft.items():
        where = claims.source if component in ("", claims.source) else f"{claims.source}.{component}"
        yield from _scalings(claims, where)
        yield from _requests(claims, where)
        if claims.targets_met == 0:
            yield _finding(TARGETS, "no module of the file is a target of its config", where, visible(claims.target_modules[0]))
        whole = component in ("", claims.source)
        held = [each for adapter in evidence.all(Adapter) for each in adapter.updates if whole or each.component == component]
        yield from _contradiction(claims, where, {_kind(each) for each in held} & _TOLD)


def _contradiction(claims: PeftClaims, where: str, held: set[str]) -> Iterator[Finding]:
    """A finding where the file holds updates of other types than the config's alone."""
    named = (claims.peft_type or "").upper()
    if named in _WEIGHT_UPDATES and held and not held & _KINDS.get(named, frozenset()):
        yield _finding(TARGETS, f"the config says {named}, and every update is of another type: {', '.join(sorted(held))}", where, named)


def _kind(update: Update) -> str:
    """The kind, for DoRA that of the update whose direction it takes."""
    return update.direction.kind if isinstance(update, DoraUpdate) else update.kind


def _scalings(claims: PeftClaims, where: str) -> Iterator[Finding]:
    """One finding for the worst scaling."""
    worst, path = max(_all_scalings(claims), key=lambda each: _distance(each[0]), default=(1.0, ""))
    if _LOWEST <= worst <= _HIGHEST:
        return
    severity = Severity.HIGH if abs(worst) > _ABSURD else Severity.MEDIUM
    threshold = _HIGHEST if worst > 1 else _LOWEST
    place = f"{where}.alpha_pattern.{path}" if path else where
    yield Finding(
        rule=SCALING,
        message="scaling of the adapter config",
        severity=severity,
        where=place,
        measured=worst,
        threshold=threshold,
    )


def _all_scalings(claims: PeftClaims) -> Iterator[tuple[float, str]]:
    """The scaling of the whole component, then of each module that a pattern names; where no α is told there is none."""
    for path in ("", *claims.rank_pattern.keys() | claims.alpha_pattern.keys()):
        rank = claims.rank_pattern.get(path, claims.rank or _USUAL_RANK)
        alpha = claims.alpha_pattern.get(path, claims.alpha)
        if alpha is not None:
            yield alpha / (math.sqrt(rank) if claims.rank_stabilized else rank), path


def _distance(scaling: float) -> float:
    return abs(math.log(scaling)) if scaling > 0 else math.inf


def _requests(claims: PeftClaims, where: str) -> Iterator[Finding]:
    for request in claims.imports:
        yield _finding(IMPORTS, "the config names code for a loader to import", where, visible(request))
    if claims.modules_to_save:
        yield _finding(MODULES, "whole modules are replaced", where, visible(", ".join(claims.modules_to_save)))
    if claims.replaces_tokens:
        yield _finding(MODULES, "rows of an embedding are replaced", where, "trainable_token_indices")
    if claims.initialisation is not None:
        yield _finding(START, "an initialisation that may change the base", where, visible(claims.initialisation))
    if claims.replicates_layers:
        yield _finding(START, "layers of the base are replicated", where, "layer_replication")
    for place in claims.places:
        found = _finding(PLACE, "the config names a network path or a suspicious file", where, visible(place))
        yield replace(found, severity=Severity.HIGH) if _REACHING_OUT.match(place) else found
    if claims.peft_type is not None and claims.peft_type.upper() not in _WEIGHT_UPDATES:
        yield _finding(KIND, "no weight update", where, visible(claims.peft_type))


def _finding(rule: Rule, message: str, where: str, measured: Scalar) -> Finding:
    return Finding(rule=rule, message=message, severity=rule.severity, where=where, measured=measured)


RULES = (UNREADABLE, EXPRESSION, RANK, SCALING, IMPORTS, MODULES, START, PLACE, KIND, TARGETS)
DETECTOR = Detector(rules=RULES, needs=(FileFacts,), examine=examine)
