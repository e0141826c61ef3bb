"""Reads the address of one file on a model hub."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from lorascan.core.errors import UsageError

PREFIX = "hf://"
_NAME = r"[A-Za-z0-9][\w.-]{0,95}"
_REVISION = r"refs/(?:pr|convert)/[\w.-]+|[^/@]+"
_FORM = re.compile(rf"hf://(?P<repository>{_NAME}/{_NAME})(?:@(?P<revision>{_REVISION}))?/(?P<file>[^\x00-\x1f\\]+)", re.ASCII)
_LONGEST = 1000
_EXAMPLE = "write hf://owner/repository/file.safetensors, or hf://owner/repository@revision/file.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """A file of a repository, as the caller names it; `revision` is a branch, tag or commit, None for the default branch."""

    repository: str
    revision: str | None
    file: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.file).name

    def beside(self, name: str) -> str:
        """The path of another file of the same folder."""
        return str(PurePosixPath(self.file).parent / name)

    def at(self, commit: str) -> str:
        """The address of the file at one commit."""
        return f"{PREFIX}{self.repository}@{commit}/{self.file}"


def is_address(argument: str) -> bool:
    """Whether an argument means a file on a hub, well written or not."""
    return argument.lower().startswith(PREFIX)


def address_of(argument: str) -> HubFile:
    """What an `hf://` argument names. Raises UsageError for one that is not well written."""
    found = _FORM.fullmatch(argument) if len(argument) <= _LONGEST else None
    if found is None or any(part in ("", ".", "..") for part in found["file"].split("/")):
        message = f"{argument[:200]!r} names no file on the hub: {_EXAMPLE}"
        raise UsageError(message)
    revision = unquote(found["revision"]) if found["revision"] else None
    return HubFile(repository=found["repository"], revision=revision, file=found["file"])
