"""Names of a base's modules are looked up without listing more of them than need be."""

from collections import Counter

import pytest

from lorascan.bases import Manifest, manifests
from lorascan.dialects._index import index
from lorascan.dialects._sgm import sgm_names
from lorascan.dialects.natives import native_names


@pytest.mark.parametrize("manifest", manifests(), ids=lambda each: each.family)
def test_every_original_name_that_one_module_has_is_found(manifest: Manifest) -> None:
    for component, paths in manifest.modules.items():
        natives = [(each.native, each.parts) for each in native_names(paths)]
        originals = [(name, (path,)) for name, path in sgm_names(paths).items()] if component == "unet" else []
        names = index(manifest, component)

        counted = Counter(name for name, _ in {*natives, *originals})
        for name, parts in {*natives, *originals}:
            if counted[name] == 1 and name not in paths:
                (place,) = names.dotted(name)
                assert (place.slices or (place.module_path,)) == parts
        for path in paths:
            (place,) = names.dotted(path)
            assert (place.component, place.module_path, place.known) == (component, path, True)


def test_bases_that_share_a_network_share_its_names() -> None:
    sharing = [each for each in manifests() if each.family in {"sd15", "sdxl", "flux1_dev"}]

    assert len({id(index(each, "text_encoder")) for each in sharing}) == 1


def test_a_name_that_no_module_has_is_not_found() -> None:
    for manifest in manifests():
        for component in manifest.modules:
            for name in ("model.layers.0.self_attn.q_proj", "", "q_proj", "model.layers.0", "a.0"):
                assert index(manifest, component).dotted(name) == ()
