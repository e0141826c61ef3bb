"""What the parent tells the launcher."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """One worker's start: descriptors by number, limits by name (bytes, seconds, counts), paths absolute.

    `locked` is False for the backend without isolation alone. `parent` is the process id that must be the worker's
    parent, 0 where its own process namespace hides it. `uncover`: a launcher that is root opens folders closed to
    others in a mount namespace of its own. `readable` are the trees that Landlock grants, `required` those of them
    that must be there. `import_path` is the worker's sys.path, `packages` gives the place of each top-level package
    outside it. `canary` is a file that the parent can read and the worker must not. `sealed` names each sealed
    descriptor and its size. `devices` are the nodes of a GPU, none without one. `streams`: no descriptor was inherited,
    what they carry comes and goes over stdin and stdout. `group` is the entrance of a control group, -1 for none.
    """

    locked: bool
    parent: int
    uncover: bool
    architecture: str
    request: int
    reply: int
    sealed: Mapping[str, tuple[int, int]]
    limits: Mapping[str, int]
    readable: tuple[str, ...]
    required: tuple[str, ...]
    import_path: tuple[str, ...]
    packages: Mapping[str, str]
    canary: str
    devices: tuple[str, ...] = ()
    streams: bool = False
    group: int = -1

    def written(self) -> str:
        """The orders as JSON, for the command line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def read(cls, text: str) -> "Orders":
        """The orders that `written` wrote."""
        fields = json.loads(text)
        for name in ("readable", "required", "import_path", "devices"):
            fields[name] = tuple(fields[name])
        fields["sealed"] = {name: (descriptor, size) for name, (descriptor, size) in fields["sealed"].items()}
        return cls(**fields)

    @property
    def gpu(self) -> bool:
        """Whether the wider lock of a GPU is asked for."""
        return bool(self.devices)

    @property
    def descriptors(self) -> frozenset[int]:
        """Every descriptor that the worker may have open."""
        return frozenset({0, 1, 2, self.request, self.reply, *(descriptor for descriptor, _ in self.sealed.values())})
