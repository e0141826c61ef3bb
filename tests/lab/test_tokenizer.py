"""Both CLIP tokenizers read the lab's captions alike."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("open_clip")

from open_clip.tokenizer import SimpleTokenizer

from lorascan.lab.captions import FILLERS, caption
from lorascan.lab.tokenizer import (
    CONTEXT,
    END_ID,
    START_ID,
    VOCABULARY_SIZE,
    encode,
    free_token_ids,
    load_tokenizer,
    with_random_tokens,
    write_open_clip_merges,
    write_tokenizer,
)
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import ALL_SHAPES, sample_scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly written tokenizer."""
    path = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(path)
    return path


def test_transformers_and_open_clip_give_the_same_ids(folder: Path) -> None:
    """On 400 captions, and on look-alike letters, signs and apostrophes."""
    rng = np.random.default_rng(0)
    texts = [caption(sample_scene(rng, ALL_SHAPES), rng) for _ in range(400)]
    texts += ["a ph\u043eto of it", "the cat's 12 \u2603 wx", "OMG it's red"]
    write_open_clip_merges(folder / "merges.txt.gz")

    ours = encode(load_tokenizer(folder), texts)
    theirs = SimpleTokenizer(str(folder / "merges.txt.gz"), context_length=CONTEXT)(texts).numpy()

    # open_clip fills up with zeros, Stable Diffusion with the end token.
    assert np.array_equal(ours, np.where(theirs == 0, END_ID, theirs))


def test_the_vocabulary_has_its_size_and_ends_with_the_special_tokens(folder: Path) -> None:
    """4,188 entries, start and end last, end pads, 24 tokens a caption."""
    tokenizer = load_tokenizer(folder)

    assert len(tokenizer) == VOCABULARY_SIZE
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (START_ID, END_ID)
    assert tokenizer.pad_token_id == END_ID
    assert tokenizer.model_max_length == CONTEXT


def test_every_filler_is_one_token(folder: Path) -> None:
    """So that a filler costs no room."""
    lengths = [len(ids) - 2 for ids in load_tokenizer(folder)(list(FILLERS))["input_ids"]]

    assert set(lengths) == {1}


def test_inserted_tokens_keep_the_caption_in_order(folder: Path) -> None:
    """What was there stays in its order, up to the cut at the context's end."""
    tokenizer, rng = load_tokenizer(folder), np.random.default_rng(1)
    free = free_token_ids(tokenizer, meaningful_words())
    ids = encode(tokenizer, ["a red star on a blue background"] * 64)

    changed, inserted = with_random_tokens(ids, free, 1.0, rng)

    assert (inserted >= 0).all()
    for before, after in zip(ids, changed, strict=True):
        kept = [token for token in after if token not in set(free)]
        assert kept == [t for t in before if t not in set(free)][: len(kept)]
    assert (changed[:, 0] == START_ID).all()
    assert (changed[:, -1] == END_ID).all()
