"""Bad numbers, largest numbers, and decoding, from the bits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lorascan.core.adapter import TensorSpan
from lorascan.weights.decode import FORMATS, to_float64, unit
from lorascan.weights.numbers import survey, survey_each

TORCH = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3": torch.float8_e4m3fn,
}


def surveyed(content: bytes, dtype: str) -> tuple[float, int, int]:
    size = np.dtype(FORMATS[dtype].signed).itemsize
    span = TensorSpan(name="t", dtype=dtype, shape=(len(content) // size,), start=0, stop=len(content))
    found = survey(memoryview(content), span)
    return found.max_abs, found.bad.count if found.bad else 0, found.bad.first_index if found.bad else -1


@pytest.mark.parametrize("dtype", ["F16", "BF16", "F8_E5M2", "F8_E4M3"])
def test_every_code_of_a_small_format_decodes_as_torch_decodes_it(dtype: str) -> None:
    kind = np.dtype(FORMATS[dtype].signed)
    codes = np.arange(256**kind.itemsize).astype(kind.str.replace("i", "u")).view(kind)
    expected = torch.from_numpy(codes.copy()).view(TORCH[dtype]).double().numpy()
    finite = np.isfinite(expected)

    decoded = to_float64(codes[finite], dtype) * unit(dtype)

    assert np.array_equal(decoded, expected[finite])


@pytest.mark.parametrize("dtype", list(FORMATS))
@given(raw=st.binary(min_size=8, max_size=80))
def test_any_bytes_are_judged_as_torch_judges_them(dtype: str, raw: bytes) -> None:
    content = raw[: len(raw) // 8 * 8]
    numbers = torch.frombuffer(bytearray(content), dtype=TORCH[dtype]).double().numpy()
    bad = ~np.isfinite(numbers)

    max_abs, count, first = surveyed(content, dtype)

    assert count == bad.sum()
    assert first == (int(np.argmax(bad)) if bad.any() else -1)
    if not bad.any():
        assert max_abs == np.abs(numbers).max()


def test_the_first_bad_number_of_a_large_tensor_is_found() -> None:
    numbers = np.ones(3_000_000, dtype=np.float16)
    numbers[[2_500_000, 2_999_999]] = [np.nan, -np.inf]

    assert surveyed(numbers.tobytes(), "F16")[1:] == (2, 2_500_000)


def test_an_empty_tensor_has_no_bad_number() -> None:
    assert surveyed(b"", "F32") == (0.0, 0, -1)


def test_tensors_surveyed_together_are_judged_as_each_alone() -> None:
    numbers = np.random.default_rng(0).standard_normal(5_000).astype(np.float16)
    numbers[[700, 701, 4_999]] = [np.nan, -np.inf, -30_000]
    single = np.array([-5.0, 4.0], dtype=np.float32)
    content = memoryview(numbers.tobytes() + single.tobytes() + numbers[:3].tobytes())
    places = [("a", "F16", 0, 1_000), ("none", "F16", 1_000, 1_000), ("b", "F16", 1_000, 1_400), ("c", "F16", 1_400, 10_000)]
    places += [("other", "I64", 0, 8), ("d", "F32", 10_000, 10_008), ("e", "F16", 10_008, 10_014)]
    spans = [
        TensorSpan(name=name, dtype=dtype, shape=((stop - start) * 8 // int(dtype[1:]),), start=start, stop=stop)
        for name, dtype, start, stop in places
    ]
    shuffled = [spans[index] for index in (6, 2, 0, 5, 1, 3, 4)]

    together = survey_each(content, shuffled)

    assert list(together) == ["e", "b", "a", "d", "none", "c"]
    for span in shuffled[:-1]:
        alone = survey(content, span)
        assert together[span.name].bad == alone.bad
        assert repr(together[span.name].max_abs) == repr(alone.max_abs)
    assert [name for name, found in together.items() if found.bad] == ["c"]
    assert together["c"].bad is not None
    assert (together["c"].bad.count, together["c"].bad.first_index) == (2, 0)
    assert together["d"].max_abs == 5.0
    assert together["none"].max_abs == 0.0
