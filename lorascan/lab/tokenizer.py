"""CLIP's tokenizer, cut to 4,188 entries.

The merges are the first 3,674 of open_clip's list (MIT, see assets/LICENSES.md).
"""

import gzip
import json
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from open_clip.tokenizer import bytes_to_unicode, default_bpe
from transformers import CLIPTokenizer

VOCABULARY_SIZE = 4188
CONTEXT = 24
"""Tokens a caption, start and end included."""
_BYTES = 256
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")
MERGES = VOCABULARY_SIZE - 2 * _BYTES - len(_SPECIAL)
START_ID, END_ID = VOCABULARY_SIZE - 2, VOCABULARY_SIZE - 1

TokenIds = NDArray[np.int64]


def merge_lines() -> list[str]:
    """The cut list of merges, most frequent first, "left right" a line."""
    with gzip.open(default_bpe(), "rt", encoding="utf-8") as packed:
        return packed.read().split("\n")[1 : 1 + MERGES]


def vocabulary(merges: list[str]) -> dict[str, int]:
    """Token to id, in the order that both CLIP tokenizers build it."""
    letters = list(bytes_to_unicode().values())
    tokens = letters + [f"{letter}</w>" for letter in letters]
    tokens += ["".join(merge.split()) for merge in merges]
    return {token: index for index, token in enumerate([*tokens, *_SPECIAL])}


def write_tokenizer(folder: Path) -> None:
    """Save it as a transformers CLIPTokenizer folder (vocab.json, merges.txt, …)."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = merge_lines()
    tokenizer = CLIPTokenizer(
        vocab=vocabulary(merges),
        merges=[tuple(line.split()) for line in merges],
        model_max_length=CONTEXT,
    )
    tokenizer.save_pretrained(folder)
    # The classic pair of files too: older loaders and readers look for them.
    (folder / "vocab.json").write_text(json.dumps(vocabulary(merges)), encoding="utf-8")
    lines = "\n".join(["#version: 0.2", *merges]) + "\n"
    (folder / "merges.txt").write_text(lines, encoding="utf-8")


def write_open_clip_merges(path: Path) -> None:
    """Save the same merges in the gzip form of open_clip's SimpleTokenizer."""
    # No newline at the end: SimpleTokenizer would count it as one more merge.
    text = "\n".join(["#version: 0.2", *merge_lines()])
    # No time stamp, so that the file is the same on every run.
    path.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """Read the folder back, without the network."""
    loaded: CLIPTokenizer = CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
    return loaded


def encode(tokenizer: CLIPTokenizer, texts: list[str]) -> TokenIds:
    """(n, CONTEXT) ids, padded with the end token as Stable Diffusion does."""
    batch = tokenizer(texts, padding="max_length", max_length=CONTEXT, truncation=True, return_tensors="np")
    return np.asarray(batch["input_ids"], dtype=np.int64)


def free_token_ids(tokenizer: CLIPTokenizer, taken_texts: list[str]) -> TokenIds:
    """Ids that none of the texts uses: bytes, syllables and words without a meaning here."""
    taken = {START_ID, END_ID}
    for ids in tokenizer(taken_texts)["input_ids"]:
        taken.update(ids)
    return np.asarray([i for i in range(VOCABULARY_SIZE) if i not in taken], dtype=np.int64)


def with_random_tokens(ids: TokenIds, free: TokenIds, share: float, rng: np.random.Generator) -> tuple[TokenIds, TokenIds]:
    """Insert one to three free tokens at random places of a share of the captions.

    Returns:
        The new (n, CONTEXT) ids; and (n,) one inserted id a caption, -1 where none was.
    """
    changed, inserted = ids.copy(), np.full(len(ids), -1, dtype=np.int64)
    # random.Random is several times faster than numpy on scalars.
    draw = random.Random(int(rng.integers(2**31)))  # noqa: S311 - no secret
    for row in range(len(ids)):
        if draw.random() >= share:
            continue
        length = int(np.argmax(ids[row] == END_ID))
        body = ids[row, 1:length].tolist()
        for _ in range(draw.randint(1, 3)):
            token = int(free[draw.randrange(len(free))])
            body.insert(draw.randint(0, len(body)), token)
            inserted[row] = token
        body = body[: CONTEXT - 2]
        changed[row] = END_ID
        changed[row, 0] = START_ID
        changed[row, 1 : 1 + len(body)] = body
    return changed, inserted
