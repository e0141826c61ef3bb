"""Regular expressions of a config: judged by form, run where they can be killed."""

import re
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascan.core.errors import Refused
from lorascan.intake.matching import CPU_SECONDS, matches
from lorascan.intake.patterns import LONGEST, objection
from lorascan.intake.peft import read_peft
from lorascan.settings import Limits

NAMES = (
    "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight",
    "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k.lora_A.weight",
    "unet.mid_block.attentions.0.proj_in.lora_A.weight",
)
HONEST = (
    r".*\.(to_q|to_k|to_v|to_out\.0)",
    r"^(?!.*text_model).*attn[12]\.to_(?:q|k|v)$",
    r"(.*x_embedder|.*(?<!single_)transformer_blocks\.[0-9]+\.norm1\.linear|.*attn\.to_k)",
    r"(?i).*ATTN1.*",
    r"down_blocks\.\d+\.attentions\.\d{1,2}\.proj_in",
    r"(?:unet\.)?mid_block\..+",
)
HOSTILE = (
    r"(([a-z0-9_]+)+\.?)+!",
    r"(a*)*b",
    r"(?:.+\.)*x",
    r"(.)\1",
    r"(a{9,99}){9,99}",
    "(?P<x>a)(?(x)b|c)",
    "a" * (LONGEST + 1),
    "(a",
    "*",
)


@pytest.mark.parametrize("pattern", HONEST)
def test_what_trainers_write_passes(pattern: str) -> None:
    assert objection(pattern) == ""


@pytest.mark.parametrize("pattern", HOSTILE)
def test_what_can_take_for_ever_is_objected_to_and_never_run(pattern: str) -> None:
    assert objection(pattern)


@settings(deadline=None)
@given(st.text(alphabet="ab.*+?()[]{}|\\^$1,9-", max_size=60))
def test_any_text_is_judged_without_an_error(pattern: str) -> None:
    """Whatever passes can be compiled."""
    if not objection(pattern):
        warnings.simplefilter("ignore")
        re.compile(pattern)


def test_a_nest_of_brackets_does_not_exhaust_the_parser() -> None:
    assert "groups" in objection("(" * 200 + "a" + ")" * 200)


def test_names_are_matched_from_their_beginning() -> None:
    found = matches([r"a.*\Z", "b"], ["ab", "ba", "a"])

    assert found.places == ((0, 2), (1,))
    assert found.stuck is None


def test_a_pattern_that_does_not_end_is_killed_and_named() -> None:
    began = time.process_time()

    found = matches(["a", r"(?:[a-z0-9_.]|[a-z0-9_.])+!!", "b"], ["x"])

    assert found.places == ((),)
    assert found.stuck == 1
    assert time.process_time() - began < CPU_SECONDS


def test_a_regular_expression_is_resolved_to_the_modules_of_the_file() -> None:
    """Strengths hidden behind an expression are those of the layers that it matches; the first pattern decides."""
    text = (
        '{"unet.r": 4, "unet.lora_alpha": 4, "unet.target_modules": ".*to_[qk]",'
        ' "unet.alpha_pattern": {"attn.*to_k": 40000, "transformer_blocks\\\\.\\\\d+\\\\.attn1\\\\..+": 8}}'
    )

    claims = read_peft(text, Limits(), tensors=NAMES)["unet"]

    stem = "down_blocks.0.attentions.0.transformer_blocks.0.attn1."
    assert claims.alpha_pattern == {f"{stem}to_k": 40_000.0, f"{stem}to_q": 8.0}
    assert claims.targets_met == 2


def test_targets_without_a_tensor_are_counted_as_none() -> None:
    for targets in ('"nowhere.*"', '["nowhere", "neither"]'):
        assert read_peft(f'{{"unet.target_modules": {targets}}}', Limits(), tensors=NAMES)["unet"].targets_met == 0
    assert read_peft('{"unet.target_modules": ["to_q", "nowhere"]}', Limits(), tensors=NAMES)["unet"].targets_met == 1
    assert read_peft('{"unet.target_modules": ["x"]}', Limits(), tensors=("lora_unet_x.lora_down.weight",))["unet"].targets_met is None


def test_a_bad_pattern_names_its_field_and_itself() -> None:
    with pytest.raises(Refused) as caught:
        read_peft('{"text_encoder.rank_pattern": {"(a+)+": 4}}', Limits())

    (refusal,) = caught.value.refusals
    assert (refusal.code, refusal.measured) == ("LS401", "(a+)+")
    assert refusal.where.endswith("text_encoder.rank_pattern")


def test_a_config_that_gives_the_size_of_blocks_has_no_rank() -> None:
    written = '{"peft_type": "OFT", "r": 0, "oft_block_size": 32}'

    assert read_peft(written, Limits())[""].rank is None
    for refused in (written.replace("OFT", "LORA"), written.replace("0", "false")):
        with pytest.raises(Refused, match="LS402"):
            read_peft(refused, Limits())
