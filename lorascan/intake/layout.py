"""Checks that tensors fill the data area exactly once."""

from collections.abc import Sequence

from lorascan.core.adapter import TensorSpan
from lorascan.core.errors import Refusal
from lorascan.core.text import counted


def check_layout(spans: Sequence[TensorSpan], data_start: int, size: int) -> list[Refusal]:
    """What is wrong with the places of the tensors, the decisive fault first.

    `data_start` and `size` are absolute byte offsets. LS103: bytes are missing at the end; LS104: bytes after the last
    tensor that no tensor owns; LS105: overlap or hole.
    """
    faults: list[Refusal] = []
    reached, last = data_start, "the header"
    for span in sorted(spans, key=lambda each: (each.start, each.stop)):
        if span.start != reached:
            kind = "overlaps" if span.start < reached else "leaves a hole after"
            message = f"the tensor {kind} what stands before it"
            faults.append(Refusal(code="LS105", message=message, where=span.name, measured=span.start - reached))
        reached, last = max(reached, span.stop), span.name
    if reached > size:
        message = f"truncated: {counted(reached - size, 'byte')} missing"
        return [Refusal(code="LS103", message=message, where=last, measured=reached - size), *faults]
    if reached < size:
        message = f"{counted(size - reached, 'byte')} after the last tensor, part of none"
        faults.append(Refusal(code="LS104", message=message, where=last, measured=size - reached))
    return faults
