"""Finds a base on this machine."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lorascan.bases._family import Family
from lorascan.bases._folder import base_manifest, folder_digest, pipeline_index, variant
from lorascan.bases._manifests import families, manifest, manifests
from lorascan.bases.lab import ASSETS
from lorascan.core.adapter import BaseFacts
from lorascan.core.errors import Unavailable, UsageError
from lorascan.dialects import Manifest

LAB = "lab"
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FITS = 0.5
"""Share of modules from which a base may be a variant of the one that the adapter is made for."""
_GIVE_ONE = "give a local diffusers folder or the name of a cached one with --base"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedBase:
    """A base that is at hand: its folder, the family as which it is loaded, the SHA-256 of what will be loaded.

    `scorer` is the open_clip folder that scores its pictures; `variant` the weights' file variant ("fp16") where the
    plain files are absent.
    """

    folder: Path
    family: str
    sha256: str
    scorer: Path
    variant: str | None = None


def manifests_for(requested: str | None) -> tuple[Manifest, ...]:
    """The manifests to resolve names against: that of the chosen base first, then those that ship with lorascan."""
    shipped = manifests()
    if requested is None:
        return shipped
    chosen = requested_manifest(requested)
    return (chosen, *(each for each in shipped if each is not chosen))


def requested_manifest(requested: str) -> Manifest:
    """The modules of the base that the user chose. Raises as `locate` and `base_manifest` do."""
    if requested == LAB:
        return manifest(LAB)
    found = base_manifest(locate(requested))
    same = (each for each in manifests() if each.modules == found.modules)
    return next(same, found)


def requested_family(requested: str) -> Family:
    """The family as which the chosen base is loaded: that of this very manifest, else the one built most alike."""
    base = requested_manifest(requested)
    if base.family in families():
        return families()[base.family]
    name = pipeline_index(locate(requested))["_class_name"]
    fitting = [each for each in families().values() if each.pipeline_class == name and each.name != LAB]
    return max(fitting, key=lambda each: _likeness(base, manifest(each.name)))


def _likeness(one: Manifest, other: Manifest) -> float:
    """The share of modules that two bases have in common, by path and dimensions but not by size, 0 to 1."""
    mine, its = _frame(one), _frame(other)
    return len(mine & its) / len(mine | its)


def _frame(base: Manifest) -> set[tuple[str, str, int]]:
    return {(component, path, len(shape)) for component, modules in base.modules.items() for path, shape in modules.items()}


def resolve_base(requested: str | None, facts: BaseFacts, scorer: Path | None = None) -> ResolvedBase:
    """The base to load the adapter into: the one chosen, or the lab's where the adapter fits it wholly.

    `scorer` is the user's open_clip folder, None for the one that ships with the family. Raises UsageError where
    `requested` names nothing, Unavailable where a base or a scorer is needed that is not at hand, or where the adapter is one
    for another base than the chosen.
    """
    name = requested or _needed(facts)
    folder = locate(name)
    pipeline_index(folder)
    family = requested_family(name)
    if facts.candidates and facts.family not in facts.candidates and facts.match < _FITS:
        made_for = " or ".join(families()[each].title if each in families() else each for each in facts.candidates[:3])
        what = f"the adapter is made for {made_for}; {100 * facts.match:.0f} % of its modules fit the chosen base, {family.title}"
        raise Unavailable(what, "give a base that it is made for with --base")
    scores = scorer or family.scorer
    if scores is None or not scores.is_dir():
        raise Unavailable(f"no picture scorer is at hand for {family.title}", "give an open_clip folder with --scorer")
    return ResolvedBase(folder=folder, family=family.name, sha256=folder_digest(folder), scorer=scores, variant=variant(folder))


def locate(requested: str) -> Path:
    """The folder of "lab", of a path, or of a repository in the local hub cache; nothing is fetched."""
    if requested == LAB:
        if not (ASSETS / "base" / "model_index.json").is_file():
            raise Unavailable("the lab base is not installed", "make it with `make lab`")
        return ASSETS / "base"
    if Path(requested).is_dir():
        return Path(requested)
    if _REPOSITORY.fullmatch(requested):
        return _cached(requested)
    message = f'unknown base {requested!r}: it is neither "lab" nor a folder nor OWNER/NAME of a cached repository'
    raise UsageError(message)


def at_hand() -> dict[str, Path]:
    """Every base of this machine that `--base` takes by name: the lab's, and the diffusers pipelines of the hub cache."""
    names = [LAB]
    if _cache_folder().is_dir():
        names += ["/".join(each.name.split("--")[1:3]) for each in sorted(_cache_folder().glob("models--*--*"))]
    found = {}
    for name in names:
        try:
            folder = locate(name)
        except (Unavailable, UsageError):
            continue
        if (folder / "model_index.json").is_file():
            found[name] = folder
    return found


def _needed(facts: BaseFacts) -> str:
    if facts.family == LAB and facts.match == 1.0:
        return LAB
    if facts.family is not None:
        raise Unavailable(f"the adapter needs a base of the family {families()[facts.family].title}", _GIVE_ONE)
    if facts.candidates:
        titles = " or ".join(families()[each].title for each in facts.candidates)
        raise Unavailable(f"the adapter fits {titles}", _GIVE_ONE)
    raise Unavailable("the adapter fits no base that lorascan knows", _GIVE_ONE)


def _cached(repository: str) -> Path:
    """The snapshot of the cached repository's main branch. Raises Unavailable where it is not in the cache."""
    cache = _cache_folder() / f"models--{repository.replace('/', '--')}"
    try:
        commit = (cache / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        commit = ""
    folder = cache / "snapshots" / commit
    if not _COMMIT.fullmatch(commit) or not folder.is_dir():
        raise Unavailable(f"the base {repository} is not in the local cache", "download it first, or give a folder")
    return folder


def _cache_folder() -> Path:
    explicit = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if explicit:
        return Path(explicit)
    home = os.environ.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"
