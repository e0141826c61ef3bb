"""Writes what each loader makes of a file."""

from collections import Counter
from collections.abc import Iterator, Sequence

from lorascan.core.tensors import TensorSpan
from lorascan.core.text import visible
from lorascan.loaders import Treatment, View


def loader_shapes(views: Sequence[View]) -> dict[str, object]:
    """Loader → what it applies with which scaling, and what it drops and why, as plain values."""
    return {each.loader: _shape(each) for each in views}


def _shape(view: View) -> dict[str, object]:
    return {
        "refused": view.refused or None,
        "applied": view.applied,
        "not_known": sum(each.applied is None for each in view.treatments),
        "dropped": [_dropped(each, each.update.spans) for each in view.treatments if each.applied is False]
        + [_dropped(each, each.lost) for each in view.treatments if each.lost]
        + [{"tensor": name, "tensors": [name], "why": why} for name, why in view.dropped],
        "modules": [_treated(each) for each in view.treatments],
    }


def _dropped(treatment: Treatment, spans: Sequence[TensorSpan]) -> dict[str, object]:
    update = treatment.update
    names = [span.name for span in spans]
    return {"module_path": update.module_path, "component": update.component, "kind": update.name, "why": treatment.why, "tensors": names}


def _treated(treatment: Treatment) -> dict[str, object]:
    return {
        "module_path": treatment.update.module_path,
        "component": treatment.update.component,
        "parameter": treatment.update.parameter,
        "applied": treatment.applied,
        "scaling": treatment.scaling,
        "why": treatment.why,
    }


def loader_lines(views: Sequence[View]) -> Iterator[str]:
    """One line a loader, and one a reason."""
    for view in views:
        total = len(view.treatments)
        yield f"{view.loader}: {view.applied:,} of {total:,} updates applied" + (f"; {visible(view.refused, 200)}" if view.refused else "")
        whys = Counter(each.why for each in view.treatments if each.why) if not view.refused else Counter[str]()
        whys.update(why for _, why in view.dropped if not view.refused)
        for why, count in whys.most_common():
            yield f"  {count:,} × {visible(why, 200)}"
