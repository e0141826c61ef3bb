"""Finds modules that the base lacks.

What it measures: for each update, whether the base has a module of that path whose flattened weight has the update's
exact (out, in·kh·kw). The base is the one that was asked for, else the family that fits best. Also whether the family
that the metadata claim is among those that fit. Medium where a base is known and lacks some of the modules, or has some
of them by name and not the others; low where only the inputs of the base's first layer differ, where every module is named
as a known base names its own and only the widths differ (medium where they are those of another kind of base, a transformer's
under a U-Net's names), and where several modules in numbered blocks fit no known base.

Why it matters: what the base lacks is not applied, and a loader says nothing of it: FLUX, SD3 and empty files "load"
into a Stable Diffusion pipeline with no adapter registered. What was not applied was not tested.

When it is wrong: an adapter for a base that lorascan does not know is not bad, only not testable here: to load it, `--base`
must name its base. A few unknown modules beside hundreds of known ones are often a newer trainer's extra layers. Metadata
copied from another project claim a wrong base without any harm (low).

Source: the modules' shapes, from the published configurations (lorascan/bases/manifests); inpainting and control bases
differ from plain ones in the channels of their first layer.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache

from lorascan.bases import claimed_family, manifests
from lorascan.core.adapter import Adapter, BaseFacts, Update
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

RULE = Rule(
    code="LS502",
    name="modules-not-in-base",
    summary="Updates modules that the base does not have, or is made for another base than it claims.",
    severity=Severity.MEDIUM,
    cwe=(284,),
)


_FIRST_LAYERS = frozenset({"conv_in", "x_embedder", "img_in", "patch_embedding", "pos_embed.proj"})
_NUMBERED = re.compile(r"(?:\A|[._])\d+(?:[._]|\Z)")
_STACK = 3
"""Updates in numbered blocks from which a file of unknown names is an adapter of some image model's base."""
_BLOCKS = re.compile(
    r"(?:down_blocks|up_blocks|mid_block|(?:single_|double_|joint_)?(?:transformer|stream)_blocks|(?:single|double|joint)_blocks)[._]"
)
_IMAGE_MODEL = frozenset({"unet", "transformer", "transformer_2", "prior", "text_encoder", "text_encoder_2", "text_encoder_3"})


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding for the modules and one for the claim."""
    adapter, base = evidence[Adapter], evidence[BaseFacts]
    if base.unknown_modules:
        first = all(each.partition(".")[2] in _FIRST_LAYERS for each in base.unknown_modules)
        yield _finding(
            f"{len(base.unknown_modules):,} of {len(adapter.updates):,} updates have no module in {base.family}"
            + (": its first layer, which inpainting and control bases widen" if first else ""),
            Severity.LOW if first else Severity.MEDIUM,
            base.match,
            base.unknown_modules[0],
        )
    elif adapter.updates and base.family is None and not base.candidates:
        yield _unknown_base(adapter.updates, base.match)
    claimed = claimed_family(base.claimed)
    if claimed is not None and base.candidates and claimed not in base.candidates:
        yield Finding(
            rule=RULE,
            message=f"the metadata claim {claimed}, the shapes are those of {' or '.join(base.candidates)}",
            severity=Severity.LOW,
            measured=base.claimed,
        )


def _unknown_base(updates: Sequence[Update], match: float) -> Finding:
    """What is said of a file whose modules no known base has."""
    strange = [each for each in updates if not each.resolved and _flat(each.module_path) not in _names()]
    if not strange:
        return _other_widths(updates, match)
    place = f"{strange[0].component}.{strange[0].module_path}"
    if len(strange) < len(updates) // 2:
        return _finding(
            f"{len(strange):,} of {len(updates):,} updates have names of no base that lorascan knows", Severity.MEDIUM, match, place
        )
    stacked = [each for each in updates if _of_image_model(each) and _NUMBERED.search(each.module_path)]
    usual = len(stacked) >= _STACK and len(stacked) * 2 > len(updates)
    return _finding("the updates fit no base that lorascan knows", Severity.LOW if usual else Severity.MEDIUM, match, place)


def _other_widths(updates: Sequence[Update], match: float) -> Finding:
    """What is said of names of known bases on other widths: low, but where the widths are those of another kind of base.

    The U-Nets that adapters are made for are all known, transformers of new widths appear every month.
    """
    for convolutional in (True, False):
        named = [each for each in updates if _flat(each.module_path) in _denoisers(convolutional=convolutional)[0]]
        shapes = {_side_lengths(each.shape) for each in named}
        _, own = _denoisers(convolutional=convolutional)
        _, others = _denoisers(convolutional=not convolutional)
        if len(named) > 1 and len(named) * 2 > len(updates) and shapes <= ((own | others) if convolutional else others - own):
            message = "the updates are named as in one known base and have the widths of another"
            return _finding(message, Severity.MEDIUM, match, f"{named[0].component}.{named[0].module_path}")
    return _finding("the updates are named as in a base that lorascan knows, and have other widths", Severity.LOW, match)


@cache
def _denoisers(*, convolutional: bool) -> tuple[frozenset[str], frozenset[tuple[int, int]]]:
    """Names and shapes of all known U-Nets, or of all known transformers."""
    found = [
        modules for each in manifests() for name, modules in each.modules.items() if name == ("unet" if convolutional else "transformer")
    ]
    return (
        frozenset(_flat(path) for modules in found for path in modules),
        frozenset(_side_lengths(shape) for modules in found for shape in modules.values()),
    )


def _side_lengths(shape: Sequence[int]) -> tuple[int, int]:
    """(out, in·kh·kw)."""
    return shape[0], math.prod(shape[1:])


def _of_image_model(update: Update) -> bool:
    return update.component in _IMAGE_MODEL or bool(_BLOCKS.match(update.module_path))


@cache
def _names() -> frozenset[str]:
    """The module paths of every base, flattened as kohya writes them."""
    return frozenset(_flat(path) for each in manifests() for modules in each.modules.values() for path in modules)


def _flat(path: str) -> str:
    return path.replace(".", "_")


def _finding(message: str, severity: Severity, match: float, where: str = "") -> Finding:
    return Finding(rule=RULE, message=message, severity=severity, where=where, measured=match, threshold=1.0)


DETECTOR = Detector(rules=(RULE,), needs=(Adapter, BaseFacts), examine=examine)
