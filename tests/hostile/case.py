"""What a case of the corpus is, and how it becomes a file or a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A symbolic link instead of a file."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input of the gate.

    `files`: relative path → content. `target`: what is audited, "" for the whole folder. `rules`: any of them must be found;
    none for an honest case, in which nothing may be found that holds it up. `admitted`: a case whose finding is only a
    remark.
    """

    name: str
    files: Mapping[str, bytes | Link]
    target: str
    rules: tuple[str, ...] = ()
    admitted: bool = False


def one(name: str, content: bytes, *rules: str, called: str = "adapter.safetensors", admitted: bool = False) -> Case:
    """A case of a single file."""
    return Case(name=name, files={called: content}, target=called, rules=rules, admitted=admitted)


def whole(name: str, files: Mapping[str, bytes | Link], *rules: str, target: str = "") -> Case:
    """A case of a folder."""
    return Case(name=name, files=files, target=target, rules=rules)


def laid_down(case: Case, folder: Path) -> Path:
    """Write the case below `folder`, which must be empty; returns the path to audit."""
    root = folder / "case"
    for name, content in case.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        else:
            path.write_bytes(content)
    return root / case.target if case.target else root
