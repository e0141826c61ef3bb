"""What every loader's view keeps to; a new one joins by itself."""

import pytest

from lorascan.bases import identify, manifests
from lorascan.core.adapter import Adapter, Claims
from lorascan.dialects import dialects, read_adapter
from lorascan.dialects.algebras import algebras
from lorascan.loaders import View, loaders, views
from tests.adapters.builders import zero_file

EVERY = pytest.mark.parametrize("name", sorted(loaders()))
FILES = {
    **{f"dialect {name}": dict(dialect.example) for name, dialect in dialects().items()},
    **{
        f"algebra {name}": {
            f"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q{ending}": shape
            for ending, shape in algebra.example.items()
        }
        for name, algebra in algebras().items()
    },
}


def seen(name: str, shapes: dict[str, tuple[int, ...]]) -> tuple[Adapter, View]:
    file = zero_file(shapes)
    adapter = read_adapter(file, manifests())
    (view,) = (each for each in views(adapter, identify(adapter, None, Claims())) if each.loader == name)
    return adapter, view


@EVERY
@pytest.mark.parametrize("file", FILES)
def test_every_tensor_is_applied_or_dropped_with_a_reason(name: str, file: str) -> None:
    adapter, view = seen(name, FILES[file])

    assert [each.update for each in view.treatments] == list(adapter.updates)
    assert all(each.why for each in view.treatments if not each.applied)
    assert all(each.scaling is not None for each in view.treatments if each.applied)
    assert {tensor for tensor, _ in view.dropped} == {each.span.name for each in adapter.leftovers}
    assert not (view.refused and view.applied)


@EVERY
def test_a_loader_says_where_its_rules_are_from(name: str) -> None:
    module = __import__(f"lorascan.loaders.{name}", fromlist=["LOADER"])

    assert "Source:" in module.__doc__
    assert loaders()[name].version
