"""What the base answered once is not asked again; anything else is."""

import pytest

from lorascan.core.recall import Recall, key_of

BASE = {"base": "0" * 64, "device": "cpu", "threads": 2}


def test_an_answer_is_found_again_under_the_same_request() -> None:
    """Arguments in another order are the same arguments."""
    recall = Recall()
    recall.keep(key_of(BASE, "predict", {"seed": 1, "side": 8}, [b"ids"]), [b"answer"])

    assert recall.get(key_of(BASE, "predict", {"side": 8, "seed": 1}, [b"ids"])) == (b"answer",)


@pytest.mark.parametrize(
    ("base", "operation", "arguments", "blobs"),
    [
        (BASE | {"base": "1" * 64}, "predict", {"seed": 1}, [b"ids"]),
        (BASE | {"threads": 1}, "predict", {"seed": 1}, [b"ids"]),
        (BASE, "render", {"seed": 1}, [b"ids"]),
        (BASE, "predict", {"seed": 2}, [b"ids"]),
        (BASE, "predict", {"seed": 1}, [b"sdi"]),
        (BASE, "predict", {"seed": 1}, [b"i", b"ds"]),
    ],
)
def test_another_request_is_another_answer(
    base: dict[str, object], operation: str, arguments: dict[str, object], blobs: list[bytes]
) -> None:
    """Base, device, operation, arguments and the cut between blobs all count."""
    recall = Recall()
    recall.keep(key_of(BASE, "predict", {"seed": 1}, [b"ids"]), [b"answer"])

    assert recall.get(key_of(base, operation, arguments, blobs)) is None


def test_nothing_more_is_held_than_the_limit() -> None:
    """What does not fit is left out, what is held stays."""
    recall = Recall(limit_bytes=6)
    first, second = (key_of(BASE, "render", {"seed": seed}, []) for seed in (1, 2))

    recall.keep(first, [b"four"])
    recall.keep(second, [b"four"])

    assert recall.get(first) == (b"four",)
    assert recall.get(second) is None
