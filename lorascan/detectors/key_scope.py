"""Finds updates of parts that an adapter has no business in.

What it measures: the component that each tensor's name addresses. Denoiser (UNet, transformer, prior) and text
encoders are what adapters train. Updates of the safety checker, the image encoder, the VAE or a ControlNet are
reported, and so are keys that name another adapter (LS507, refused while reading).

Why it matters: an update of the safety checker switches it off for every picture, whatever the prompt. A key such as
`….lora_A.default_0.weight` rewrites another adapter that is already loaded (seen with peft 0.21.2 and the normal
pipeline call).

When it is wrong: some training scripts for inpainting or upscaling adapt the VAE; such a file needs its own review.

Source: reproduced on diffusers 0.42.1 and peft 0.21.2; CWE-284, CWE-915.
"""

from collections import Counter
from collections.abc import Iterator

from lorascan.core.adapter import Adapter
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

SCOPE = Rule(
    code="LS501",
    name="outside-the-image-model",
    summary="Updates a component that adapters do not train: safety checker, image encoder, VAE, ControlNet.",
    severity=Severity.HIGH,
    cwe=(284,),
)
FOREIGN = Rule(
    code="LS507",
    name="names-another-adapter",
    summary="A key names another adapter, which loading would rewrite.",
    severity=Severity.HIGH,
    cwe=(915,),
)
OUTSIDE = frozenset({"safety_checker", "image_encoder", "feature_extractor", "image_projection", "vae", "controlnet"})
_PREFIXES = ("base_model.model.", "pipeline.", "pipe.", "lora_")


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a component."""
    adapter = evidence[Adapter]
    addressed = [each.component for each in adapter.updates]
    addressed += [_component(each.span.name) for each in adapter.leftovers]
    addressed += [_component(each.module_path) for each in adapter.updates if each.component not in OUTSIDE and not each.resolved]
    for component, count in sorted(Counter(addressed).items()):
        if component in OUTSIDE:
            yield Finding(
                rule=SCOPE,
                message=f"the file changes the {component}: {count:,} of its updates or tensors",
                severity=Severity.HIGH,
                where=component,
                measured=count,
                threshold=0,
            )


def _component(name: str) -> str:
    """The part of a pipeline that a name begins with, below PEFT's wrapper, kohya's prefix or a saved pipeline's."""
    path = name
    for prefix in _PREFIXES:
        path = path.removeprefix(prefix)
    return next((each for each in OUTSIDE if path.startswith((f"{each}.", f"{each}_"))), "")


DETECTOR = Detector(rules=(SCOPE, FOREIGN), needs=(Adapter,), examine=examine)
