"""The values that a pickle makes, on paper."""

from dataclasses import dataclass, field


class Unknown:
    """A value that is not followed, such as the result of an extension."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Global:
    """Something imported: never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        """As module and name, with a space between."""
        return f"{self.module} {self.name}"


@dataclass(frozen=True, slots=True)
class Persistent:
    """What the loader would be asked for by this key: a storage, in PyTorch files."""

    key: object


@dataclass(slots=True, eq=False)
class Made:
    """What a call would return, with the pairs that are set on it later. A dict is made by None."""

    function: object = None
    arguments: object = None
    pairs: list[tuple[object, object]] = field(default_factory=list)
