"""Where one tensor of a file lies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpan:
    """One tensor of a vetted file, by place and not by value.

    `dtype` is the safetensors name ("F32", "F16", "BF16", …), `shape` has no negative entry, `start` and `stop`
    are absolute byte offsets into `VettedFile.content`; stop − start equals the bytes that dtype and shape demand.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int
