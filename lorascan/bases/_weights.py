"""Reads single tensors of a base folder's weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascan.bases._folder import class_name_of, component_places, library_path, pipeline_index, spans, weight_files
from lorascan.core.errors import UsageError
from lorascan.core.tensors import TensorSpan

Key = tuple[str, str, str]
"""Component, module path, parameter ("weight" or "bias")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTensor:
    """One tensor of a base: `span` is its place in `content`, which holds its bytes and no others."""

    span: TensorSpan
    content: memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    file: Path
    span: TensorSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseWeights:
    """Where every tensor of a pipeline folder lies. Nothing is read before it is asked for."""

    places: Mapping[Key, _Place]

    def read(self, component: str, module_path: str, parameter: str) -> BaseTensor | None:
        """The tensor of a module, None where the base has none. Raises OSError where its file cannot be read."""
        bare = module_path.removeprefix("text_model.")
        paths = (module_path, bare, f"text_model.{bare}") if component.startswith("text_encoder") else (module_path,)
        place = next((found for path in paths if (found := self.places.get((component, path, parameter)))), None)
        if place is None:
            return None
        with place.file.open("rb") as file:
            file.seek(place.span.start)
            content = file.read(place.span.stop - place.span.start)
        if len(content) != place.span.stop - place.span.start:
            message = f"{place.file.parent.name}/{place.file.name} of the base is cut off"
            raise UsageError(message)
        span = TensorSpan(name=place.span.name, dtype=place.span.dtype, shape=place.span.shape, start=0, stop=len(content))
        return BaseTensor(span=span, content=memoryview(content))


def base_weights(folder: Path) -> BaseWeights:
    """The tensors of a pipeline folder. Raises as `base_manifest` does."""
    index = pipeline_index(folder)
    places: dict[Key, _Place] = {}
    for component, place in component_places(index).items():
        class_name = class_name_of(index, place)
        for file in weight_files(folder / place, component) if class_name else ():
            for span in spans(file):
                path, _, parameter = span.name.rpartition(".")
                places[component, library_path(path, class_name), parameter] = _Place(file=file, span=span)
    return BaseWeights(places=places)
