"""Where the lab's shipped files lie."""

import hashlib
from pathlib import Path

_ASSETS = Path(__file__).parent / "assets"


def assets_folder() -> Path:
    """Everything that `make lab` writes and the wheel ships."""
    return _ASSETS


def base_folder() -> Path:
    """The diffusers pipeline folder."""
    return _ASSETS / "base"


def clip_folder() -> Path:
    """The open_clip "local-dir:" folder."""
    return _ASSETS / "clip"


def adapters_folder() -> Path:
    """A handful of adapters with known truth, and their ledger."""
    return _ASSETS / "adapters"


def judge_file() -> Path:
    """Weights of the classifier that measures adapters."""
    return _ASSETS / "judge.safetensors"


def sums_file() -> Path:
    """One "sha256  path" line for each shipped file."""
    return _ASSETS / "SHA256SUMS"


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 in hex of every file below the folder, by relative path, the list itself left out."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def write_sums(folder: Path) -> None:
    """List the digests of the folder's files in sha256sum's own format."""
    lines = [f"{digest}  {name}\n" for name, digest in digests(folder).items()]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def read_sums(folder: Path) -> dict[str, str]:
    """The listed digests by relative path."""
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("  ", 1) for line in lines)
    return {name: digest for digest, name in pairs}
