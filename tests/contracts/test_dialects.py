"""What every dialect must do; a new one joins by itself."""

import pytest

from lorascan.bases import manifests
from lorascan.dialects import Dialect, dialects, read_adapter
from lorascan.dialects._endings import ALPHA, split
from tests.adapters.builders import zero_file

EVERY = pytest.mark.parametrize("name", list(dialects()))
MODULES = {
    ("unet", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"),
    ("unet", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0"),
    ("text_encoder", "encoder.layers.0.self_attn.q_proj"),
    ("text_encoder", "encoder.layers.0.self_attn.k_proj"),
    ("transformer", "transformer_blocks.0.attn.to_out.0"),
}


def stems(dialect: Dialect) -> set[tuple[str, str]]:
    parts = [split(name) for name in dialect.example]
    return {(part.stem, part.ending.spelling) for part in parts if part.ending.role != ALPHA}


@EVERY
def test_a_dialect_reads_its_own_example(name: str) -> None:
    dialect = dialects()[name]

    adapter = read_adapter(zero_file(dialect.example), manifests())

    assert dialect.name == name
    assert adapter.facts.dialects == (name,)
    assert adapter.leftovers == ()
    assert {(each.component, each.module_path) for each in adapter.updates} <= MODULES
    assert all(each.resolved for each in adapter.updates)


@EVERY
def test_a_dialect_claims_no_other_dialects_example(name: str) -> None:
    dialect = dialects()[name]

    for other in dialects().values():
        claimed = {stem for stem, spelling in stems(other) if dialect.claims(stem, spelling)}

        assert claimed == ({stem for stem, _ in stems(other)} if other is dialect else set())


@EVERY
def test_a_dialect_says_what_it_reads(name: str) -> None:
    module = __import__(f"lorascan.dialects.{name}", fromlist=["DIALECT"])

    assert "Source:" in module.__doc__
