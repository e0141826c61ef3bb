"""Takes what stands beside an adapter: its PEFT config, its model card."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from lorascan.core.errors import Refusal, Refused

CONFIG, CARD = "adapter_config.json", "README.md"
_CONFIG_BYTES = 4 * 2**20
_CARD_BYTES = 2**18  # of the card only its beginning is read
_PEFT_STEM = "adapter_model"  # what PEFT looks for beside its config
_ADAPTERS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
_ENTRIES = 10_000  # names of a folder that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """The bytes of the config and of the card, None where there is none."""

    config: bytes | None = None
    card: bytes | None = None


def companions(path: Path) -> Companions:
    """What PEFT and a model page would read together with this file.

    The config counts for `adapter_model.*`, and for the only adapter of its folder. Raises Refused (LS400) for a config
    that is larger than four MiB or no readable file: it would not be vetted. A card that cannot be read is left aside.
    """
    folder = path.parent
    config = _taken(folder / CONFIG, _CONFIG_BYTES + 1) if owns_config(path) else None
    if config is not None and len(config) > _CONFIG_BYTES:
        message = f"the adapter config is larger than {_CONFIG_BYTES:,} bytes"
        raise Refused(Refusal(code="LS400", message=message, where=CONFIG, threshold=_CONFIG_BYTES))
    try:
        card = _taken(folder / CARD, _CARD_BYTES)
    except Refused:
        card = None
    return Companions(config=config, card=card)


def owns_config(path: Path) -> bool:
    """Whether a config beside this file would be read with it."""
    if path.name.lower().startswith(_PEFT_STEM):
        return True
    if not os.path.lexists(path.parent / CONFIG):
        return False
    try:
        with os.scandir(path.parent) as entries:
            names = [each.name for each, _ in zip(entries, range(_ENTRIES), strict=False)]
    except OSError:
        return False
    return sum(name.lower().endswith(_ADAPTERS) for name in names) <= 1


def _taken(path: Path, limit: int) -> bytes | None:
    """The first `limit` bytes, None where nothing is there. Raises Refused where something is there that is no file."""
    if not os.path.lexists(path):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Refused(Refusal(code="LS400", message="the adapter config is no regular file", where=path.name))
            with os.fdopen(os.dup(descriptor), "rb") as stream:
                return stream.read(limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        message = f"the adapter config cannot be read: {error.strerror}"
        raise Refused(Refusal(code="LS400", message=message, where=path.name)) from error
