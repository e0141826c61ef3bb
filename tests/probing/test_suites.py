"""Probe suites: what ships, and what is refused."""

from pathlib import Path

import pytest

from lorascan.core.errors import UsageError
from lorascan.core.shipped import shipped
from lorascan.probing.suites import read_suite, shipped_suites, suite_for
from lorascan.settings import BUDGETS


@pytest.mark.parametrize("identity", sorted(shipped_suites()))
def test_a_shipped_suite_decides_with_enough_prompts_seeds_and_scales(identity: str) -> None:
    suite = shipped_suites()[identity]
    assert len({prompt.plain for prompt in suite.prompt}) == len(suite.prompt) >= 30
    assert len(set(suite.seeds)) >= 4
    assert {0.0, 0.25, 0.5, 0.75, 1.0, 1.25} <= set(suite.scales)
    assert not {word for word in suite.controls if word in " ".join(prompt.plain for prompt in suite.prompt)}


@pytest.mark.parametrize("identity", sorted(shipped_suites()))
def test_the_halves_that_select_and_confirm_share_no_prompt_and_no_seed(identity: str) -> None:
    suite = shipped_suites()[identity]
    select, confirm = (suite.pairs(split, 1000) for split in ("select", "confirm"))  # type: ignore[arg-type]
    assert not {prompt.plain for prompt, _ in select} & {prompt.plain for prompt, _ in confirm}
    assert not {seed for _, seed in select} & {seed for _, seed in confirm}


@pytest.mark.parametrize("name", sorted(BUDGETS))
@pytest.mark.parametrize("identity", sorted(shipped_suites()))
def test_a_shipped_suite_has_as_many_prompts_and_pairs_as_every_budget_asks_for(identity: str, name: str) -> None:
    suite, budget = shipped_suites()[identity], BUDGETS[name]
    assert len(suite.prompt) >= budget.contexts >= budget.refined_contexts
    assert len(suite.pairs("select", budget.select_pairs)) == budget.select_pairs
    assert len(suite.pairs("confirm", budget.confirm_pairs)) == budget.confirm_pairs >= budget.dose_pairs
    assert len(suite.controls) >= budget.controls // 2


def test_the_lab_has_its_own_suite_and_other_bases_the_general_one() -> None:
    assert suite_for("lab").id == "lab-shapes"
    assert suite_for("sd15").id == suite_for("sdxl").id == "everyday-objects"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('schema = "lorascan/probes/v1"', 'schema = "lorascan/probes/v9"'),
        ("version = 1", 'version = "one"'),
        ('concept = "circle"', 'concept = "unicorn"'),
        ("{concept}", "{shape}"),
        ("seeds = [11, 23, 37, 53]", "seeds = [11]"),
        ("version = 1", "version = 1\nsurprise = true"),
        ("version = 1", "version = "),
    ],
)
def test_a_suite_that_is_not_valid_is_a_usage_error(tmp_path: Path, old: str, new: str) -> None:
    text = shipped("probes", "lab-shapes.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.toml"):
        read_suite(path)
