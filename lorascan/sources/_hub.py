"""Fetches one adapter, and what is read beside it, from a model hub."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1, sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lorascan.core.errors import LorascanError, Refusal, StageFailed, Unavailable, UsageError
from lorascan.deadline import deadline
from lorascan.intake.companions import CARD, CONFIG
from lorascan.settings import Limits
from lorascan.sources._address import HubFile

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

_ANSWER_SECONDS = 60.0  # for the hub to say what it has
_SLOWEST = 100_000  # bytes a second, on the whole; what comes slower does not come
_COMPANION_BYTES = 4 * 2**20  # of a config or card; an audit reads no more of either
_PEFT_STEM = "adapter_model"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REFUSED = (401, 403)


class NotThere(LorascanError):
    """The hub has no such repository, revision or file, or shows it to others only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A file as the hub lists it: its path there, its size in bytes, and one of two digests, both in lower-case hex.

    `sha256` is known of files in large file storage; of others `git` is, the SHA-1 that git gives to their content.
    """

    path: str
    size: int
    sha256: str = ""
    git: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHub:
    """A file at one commit. `path`: where it will lie, with what is read beside it; `sha256`: "" where the hub does not tell."""

    address: str
    path: Path
    commit: str
    wanted: HubFile
    listed: _Listed

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes that `fetch` accepts, in lower-case hex, where the hub knows it before they come."""
        return self.listed.sha256

    def fetch(self) -> None:
        """Put the file at its path. Raises StageFailed (LS911) for bytes that do not come, or are not those that are listed."""
        _download(self.wanted, self.commit, self.listed, self.path)


def located(wanted: HubFile, folder: Path, limits: Limits) -> OnHub:
    """Ask the hub for a file at the commit that its revision means now, and fetch what is read beside it into `folder`.

    Nothing large comes yet, and nothing at all where the file is larger than `limits.file_bytes`. Raises NotThere,
    StageFailed (LS911) where the hub does not answer or makes no sense, UsageError where the environment forbids to
    ask, Unavailable without huggingface_hub.
    """
    commit, files = _asked(wanted)
    if wanted.file not in files:
        raise NotThere(f"{wanted.repository} has no {wanted.file} at {commit[:12]}")
    listed = files[wanted.file]
    if listed is None:
        raise _failed("the hub lists the file without a size or a digest")
    if listed.size > limits.file_bytes:
        raise _failed(f"the file is larger than this audit may read: {listed.size:,} bytes, the limit is {limits.file_bytes:,}")
    for name in (CONFIG, CARD):
        beside = files.get(wanted.beside(name))
        if beside is not None and (name == CARD or _belongs(wanted, files)):
            _companion(wanted, commit, beside, folder / name)
    return OnHub(address=wanted.at(commit), path=folder / wanted.name, commit=commit, wanted=wanted, listed=listed)


def _belongs(wanted: HubFile, files: Mapping[str, _Listed | None]) -> bool:
    """Whether a config counts for this adapter: as beside a file on disk, for PEFT's own name and the only adapter of a folder."""
    from lorascan.intake.folders import ADAPTER_SUFFIXES  # noqa: PLC0415 - with it come the archives

    others = [each for each in files if wanted.beside(Path(each).name) == each and each.lower().endswith(ADAPTER_SUFFIXES)]
    return wanted.name.lower().startswith(_PEFT_STEM) or len(others) <= 1


def _companion(wanted: HubFile, commit: str, beside: _Listed, path: Path) -> None:
    """Fetch it; one that is too large to be read is there with its size and no content, and is judged by that."""
    if beside.size <= _COMPANION_BYTES:
        _download(wanted, commit, beside, path)
    else:
        path.touch()
        os.truncate(path, _COMPANION_BYTES + 1)


def _asked(wanted: HubFile) -> tuple[str, dict[str, _Listed | None]]:
    """The commit, and every file there by its path; None for one without a size or a digest."""
    _demand()
    from huggingface_hub import HfApi  # noqa: PLC0415 - only an online audit pays for it

    with _answers(_ANSWER_SECONDS, "did not say what it has"):
        told = HfApi(endpoint=_endpoint(), library_name="lorascan", library_version=version("lorascan")).model_info(
            wanted.repository, revision=wanted.revision, files_metadata=True, timeout=_ANSWER_SECONDS
        )
        commit, siblings = told.sha, told.siblings or ()
        files = {str(each.rfilename): _listed(each) for each in siblings}
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise _failed("the hub names no commit")
    return commit, files


def _listed(told: "RepoSibling") -> _Listed | None:
    """One line of the hub's list; None for one without a size or a digest."""
    path, size, git = told.rfilename, told.size, told.blob_id
    digest = told.lfs.sha256 if told.lfs is not None else ""
    if not isinstance(path, str) or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    if isinstance(digest, str) and _SHA256.fullmatch(digest):
        return _Listed(path=path, size=size, sha256=digest)
    if isinstance(git, str) and _COMMIT.fullmatch(git):
        return _Listed(path=path, size=size, git=git)
    return None


def _download(wanted: HubFile, commit: str, listed: _Listed, path: Path) -> None:
    """Take exactly the listed bytes."""
    from huggingface_hub import hf_hub_url  # noqa: PLC0415 - only an online audit pays for it
    from huggingface_hub.file_download import http_get  # noqa: PLC0415
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # noqa: PLC0415 - documented, and not in its __all__

    url = hf_hub_url(wanted.repository, listed.path, revision=commit, endpoint=_endpoint())
    headers = build_hf_headers(library_name="lorascan", library_version=version("lorascan")) | {"Accept-Encoding": "identity"}
    with _answers(_ANSWER_SECONDS + listed.size / _SLOWEST, f"did not send {listed.path} whole"), path.open("w+b") as stream:
        http_get(url, _Bounded(stream, listed.size), headers=headers, expected_size=listed.size)  # type: ignore[arg-type]
    found = _digest(path, listed)
    if found != (listed.sha256 or listed.git):
        path.unlink()
        raise _failed(f"{listed.path} is not the file that the hub lists: its digest is {found}, listed is {listed.sha256 or listed.git}")


class _Bounded:
    """A file to write to that takes no byte more than was listed; only what a download needs of a file."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self.seek, self.tell, self.truncate = stream.seek, stream.tell, stream.truncate
        self._write, self._most = stream.write, most

    def write(self, chunk: bytes) -> int:
        """Write on. Raises StageFailed for what goes beyond the listed size."""
        if self.tell() + len(chunk) > self._most:
            raise _failed(f"more bytes came than the {self._most:,} that the hub lists")
        return self._write(chunk)


def _digest(path: Path, listed: _Listed) -> str:
    """The digest of the kind that is listed."""
    found = sha256() if listed.sha256 else sha1(b"blob %d\x00" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(2**20):
            found.update(chunk)
    return found.hexdigest()


def _endpoint() -> str | None:
    """The hub that the environment names, as its own library reads it; None for the usual one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def _demand() -> None:
    """Make the hub's library ready: no bars, no telemetry. Raises Unavailable where it is not installed."""
    if find_spec("huggingface_hub") is None:
        raise Unavailable("hf:// needs huggingface_hub", 'pip install "./lorascan[hub]"')
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from huggingface_hub.utils import disable_progress_bars, logging  # type: ignore[attr-defined]  # noqa: PLC0415 - as above

    disable_progress_bars()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


@contextmanager
def _answers(seconds: float, what: str) -> Iterator[None]:
    """Everything that the hub, its library or the connection can raise, as a result; never in the library's own words.

    Those may hold addresses that carry a signature.
    """
    import httpx2  # noqa: PLC0415 - only an online audit pays for it
    from huggingface_hub import errors  # noqa: PLC0415

    try:
        with deadline(seconds):
            yield
    except errors.OfflineModeIsEnabled as error:
        message = "HF_HUB_OFFLINE forbids to ask the hub: unset it, or fetch the file yourself"
        raise UsageError(message) from error
    except errors.GatedRepoError as error:
        raise _failed("the hub asks for an agreement, or for a token of somebody who has agreed") from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError) as error:
        raise NotThere("the hub shows no such repository, revision or file") from error
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", 0)
        who = ": it asks for a token" if status in _REFUSED else ""
        raise _failed(f"the hub {what}: HTTP {status}{who}") from error
    except StageFailed as error:
        if error.refusal.code != "LS907":
            raise
        raise _failed(f"the hub {what} within {error.refusal.threshold or seconds:g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        unreached = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError)
        name = type(error).__name__
        raise _failed(f"cannot reach the hub ({name})" if unreached else f"the hub {what}: {name}") from error
    except OSError as error:  # the library's own, such as a wrong size, and a disk that takes no more
        raise _failed(f"the hub {what}: {error.strerror or type(error).__name__}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _failed(f"the hub's answer makes no sense ({type(error).__name__})") from error


def _failed(message: str) -> StageFailed:
    return StageFailed(Refusal(code="LS911", message=message))
