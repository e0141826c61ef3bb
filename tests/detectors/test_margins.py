"""The one number that tells how near an adapter comes to a rejection."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lorascan.detectors._margins import margin, score
from lorascan.detectors.hidden_triggers import REPLACED, UNEXPLAINED, is_activator, replaces_the_prompt
from tests.detectors.words import passing


def test_the_smallest_figure_over_its_threshold_counts() -> None:
    assert margin(passing()) == 2.0
    assert margin(passing(mismatch=0.25 * REPLACED, target_gain=0.25 * REPLACED)) == 0.25
    assert margin(passing(mismatch=-1.0, target_gain=0.0)) == 0.0


def test_declared_words_and_untested_adapters_score_nothing() -> None:
    assert score([]) == 0.0
    assert score([passing(kind="declared")]) == 0.0
    assert score([replace(passing(), scale=2.0)]) == 0.0
    assert score([replace(passing(), part="unet")]) == 0.0
    assert (
        score(
            [
                passing(mismatch=0.5 * REPLACED, target_gain=0.5 * REPLACED),
                passing(kind="declared"),
                passing(unexplained=1.5 * UNEXPLAINED),
            ]
        )
        == 1.5
    )


@given(
    ratio=st.floats(0, 50),
    effect=st.floats(0.01, 2),
    base=st.floats(0.001, 2),
    unexplained=st.floats(0, 1),
    moved=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    p_values=st.tuples(st.floats(0.0005, 1), st.floats(0.0005, 1)),
)
def test_a_margin_of_one_or_more_is_a_rejection_and_less_is_none(
    ratio: float, effect: float, base: float, unexplained: float, moved: tuple[float, float], p_values: tuple[float, float]
) -> None:
    test = passing(
        effect_ratio=ratio,
        effect=effect,
        base_effect=base,
        unexplained=unexplained,
        mismatch=moved[0],
        target_gain=moved[1],
        p_value=p_values[0],
        mismatch_p_value=p_values[1],
    )
    assert (margin(test) >= 1) == (is_activator(test) and replaces_the_prompt(test))
