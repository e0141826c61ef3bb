"""Turns a file's metadata into claims."""

import math
from collections.abc import Mapping

from lorascan.core.adapter import Claim, Claims
from lorascan.core.errors import Refused
from lorascan.intake import strict_json
from lorascan.intake.peft import KEY, read_peft
from lorascan.settings import Limits

TAGS_KEY = "ss_tag_frequency"
_BASE_KEYS = (
    "modelspec.architecture", "ss_base_model_version", "base_model", "baseModel", "ss_sd_model_name", "sd_version",
)  # fmt: skip
_PHRASE_KEYS = (
    "modelspec.trigger_phrase", "trigger_words", "trained_words", "trainedWords", "activation text", "instance_prompt",
)  # fmt: skip
_SHARE = 0.5  # of the most frequent tag's count: a trigger word is in nearly every caption, a description in few
_TAG_TRIGGERS = 8
_PHRASES = 64
_TAGS = 10_000  # most frequent ones kept
_TAG_LENGTH = 500  # characters; longer "tags" are whole captions, cut
_TAG_ITEMS = 500_000  # JSON commas


def read_claims(metadata: Mapping[str, str], limits: Limits) -> Claims:
    """Every item as a claim, and those that lorascan understands in typed form.

    Raises Refused for an embedded PEFT config that is dangerous (see `peft.read_peft`). Other text that cannot be
    read stays a mere claim: no loader acts on it.
    """
    peft = read_peft(metadata[KEY], limits) if KEY in metadata else {}
    tags = _tags(metadata.get(TAGS_KEY, ""), limits)
    told = [metadata[key] for key in _BASE_KEYS if metadata.get(key, "").strip()]
    told += [each.base for each in peft.values() if each.base]
    return Claims(
        metadata=tuple(Claim(path=f"__metadata__.{key}", value=value) for key, value in metadata.items()),
        base=told[0] if told else None,
        peft=peft,
        network_alpha=_finite(metadata.get("ss_network_alpha", "")),
        triggers=_triggers(metadata, tags),
        tags=tags,
    )


def _finite(text: str) -> float | None:
    try:
        value = float(text[:_TAG_LENGTH])
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _triggers(metadata: Mapping[str, str], tags: Mapping[str, int]) -> tuple[str, ...]:
    """Phrases that the file names as its triggers, then the tags that stand in most captions; no text twice."""
    phrases = [
        phrase[:_TAG_LENGTH]
        for key in _PHRASE_KEYS
        for phrase in _phrases(metadata.get(key, ""))
    ]  # fmt: skip
    most = max(tags.values(), default=0)
    frequent = [tag for tag, count in tags.items() if count >= _SHARE * most][:_TAG_TRIGGERS]
    return tuple(dict.fromkeys([*phrases[:_PHRASES], *frequent]))


def _phrases(text: str) -> list[str]:
    listed = _parsed(text, depth=2) if text.lstrip().startswith("[") else None
    words = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else text.split(",")
    return [each.strip() for each in words if each.strip()]


def _tags(text: str, limits: Limits) -> dict[str, int]:
    """Tag → how many captions hold it, most frequent first. kohya writes {folder: {tag: count}}."""
    folders = _parsed(text, depth=min(3, limits.json_depth))
    counts: dict[str, int] = {}
    for folder in folders.values() if isinstance(folders, dict) else ():
        for tag, count in folder.items() if isinstance(folder, dict) else ():
            if type(count) is int and count > 0 and tag.strip():
                word = tag.strip()[:_TAG_LENGTH]
                counts[word] = counts.get(word, 0) + count
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return dict(ranked[:_TAGS])


def _parsed(text: str, *, depth: int) -> object:
    if not text.strip():
        return None
    try:
        return strict_json.parse(text.encode(), code="LS400", where=TAGS_KEY, depth=depth, items=_TAG_ITEMS)
    except Refused:
        return None
