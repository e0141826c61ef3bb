"""Reports what is odd about a container that could be read.

What it measures: the white space behind the header's JSON, in bytes (LS107, above 1 MB), whether the name ends as the
content says (LS302), and whether the file is a pickle (LS303): one whose opcodes do nothing but hold tensors. LS302
is also the refusal of a pickle that calls itself something else, and LS303 that of a pickle whose tensors cannot be
found without running it.

Why it matters: padding is room for a payload that no parser looks at, and costs every reader memory. Loaders choose
the parser by the name: a safetensors file called .bin goes to the pickle loader, and a pickle called .safetensors
goes to tools that fall back. A pickle is a program. lorascan reads its tensors from the opcodes and never runs it;
whoever loads it does, and another release of the loader may do more with the same opcodes.

When it is wrong: writers pad to a multiple of 8 bytes, some editors reserve a few kilobytes for metadata; both are
far below the limit. A renamed honest file is honest; rename it back. Most adapters of 2023 were honest pickles:
convert them to safetensors.

Source: the safetensors format text ("may be padded with white space"); `lorascan.settings.Limits.padding_bytes`; the
opcodes and formats of PyTorch 2.15's `torch.save`.
"""

from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.settings import DEFAULT

PADDING = Rule(
    code="LS107",
    name="padded-header",
    summary="The header is padded with more white space than any writer needs.",
    severity=Severity.MEDIUM,
    cwe=(400, 789),
)
SUFFIX = Rule(
    code="LS302",
    name="name-lies",
    summary="The file's name and its content say different formats.",
    severity=Severity.MEDIUM,
    cwe=(646,),
)
PICKLE = Rule(
    code="LS303",
    name="pickle",
    summary="A pickle; its opcodes do nothing but hold tensors, where it could be read.",
    severity=Severity.MEDIUM,
    cwe=(502,),
)
_SAFETENSORS = "safetensors"
_PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_OTHER_SUFFIXES = (
    *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"),
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".pdf"),
    *(".txt", ".md", ".html", ".json", ".yaml", ".yml", ".toml", ".csv", ".py", ".sh", ".js"),
    *(".exe", ".dll", ".so", ".bat", ".lnk", ".scr", ".gguf", ".ggml", ".onnx", ".h5", ".npy", ".npz", ".tflite"),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """LS107 for padding, LS302 for a safetensors file that is named like something else, LS303 for a pickle."""
    facts = evidence[FileFacts]
    limit = DEFAULT.limits.padding_bytes
    if facts.header_padding > limit:
        yield Finding(
            rule=PADDING,
            message="the header is padded with white space",
            severity=PADDING.severity,
            where="header",
            measured=facts.header_padding,
            threshold=limit,
        )
    if facts.container != _SAFETENSORS:
        message = f"a {facts.container}: loading it runs it; its opcodes hold only tensors; convert it to safetensors"
        yield Finding(rule=PICKLE, message=message, severity=PICKLE.severity, where="file", measured=facts.container)
    elif facts.name.lower().endswith(_PICKLE_SUFFIXES):
        message = "a safetensors file whose name sends it to a pickle loader"
        yield Finding(rule=SUFFIX, message=message, severity=SUFFIX.severity, where="name", measured=facts.name)
    elif facts.name.lower().endswith(_OTHER_SUFFIXES):
        message = "a safetensors file whose name says something else"
        yield Finding(rule=SUFFIX, message=message, severity=SUFFIX.severity, where="name", measured=facts.name)


DETECTOR = Detector(rules=(PADDING, SUFFIX, PICKLE), needs=(FileFacts,), examine=examine)
