"""A small convolutional network on maps of ΔW."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lorascan.lab.baselines import Baseline, Described, Scorer
from lorascan.lab.baselines._modules import Module
from lorascan.lab.baselines._packed import packed, unpacked

if TYPE_CHECKING:
    import torch

_EDGE = 4
_EPOCHS = 120
_DECAY = 1e-2

Array = NDArray[np.float64]


def _describe(modules: Sequence[Module]) -> Described:
    maps = {each.path: _map(each.delta) for each in modules}
    largest = max((float(each[1].max()) for each in maps.values()), default=0.0) or 1.0
    return {path: packed(each / largest) for path, each in maps.items()}


def _map(delta: Array) -> Array:
    """Mean and root mean square of ΔW in 4 × 4 cells: (2, 4, 4)."""
    rows, columns = (np.linspace(0, side, _EDGE + 1).astype(int)[:-1] for side in delta.shape)
    cells = np.outer(np.diff([*rows, delta.shape[0]]), np.diff([*columns, delta.shape[1]]))

    def mean(values: Array) -> Array:
        return np.asarray(np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1) / cells)

    return np.stack([mean(delta), np.sqrt(mean(delta**2))])


def _stacked(described: Sequence[Described], paths: Sequence[str]) -> "torch.Tensor":
    """(n, 2·modules, 4, 4); a module that an adapter lacks is 0."""
    import torch

    nothing = np.zeros(2 * _EDGE * _EDGE)
    flat = np.array([[unpacked(str(each[path])) if path in each else nothing for path in paths] for each in described])
    return torch.tensor(flat.reshape(len(described), -1, _EDGE, _EDGE), dtype=torch.float32)


def _learn(described: Sequence[Described], hostile: Sequence[bool]) -> Scorer:
    import torch
    from torch import nn

    paths = sorted({path for each in described for path in each})
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(2 * len(paths), 16, 2, stride=2), nn.LeakyReLU(), nn.Flatten(), nn.Linear(64, 32), nn.LeakyReLU(), nn.Linear(32, 1)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=_DECAY)
    maps, labels = _stacked(described, paths), torch.tensor(list(hostile), dtype=torch.float32)
    share = labels.mean().clamp(1e-3, 1 - 1e-3)
    loss = nn.BCEWithLogitsLoss(pos_weight=(1 - share) / share)
    for _ in range(_EPOCHS):
        optimiser.zero_grad()
        loss(network(maps)[:, 0], labels).backward()
        optimiser.step()
    network.eval()

    def score(one: Described) -> float:
        with torch.no_grad():
            return float(network(_stacked([one], paths))[0, 0])

    return score


BASELINE: Final = Baseline(
    title="small convolutional network on ΔW",
    source="after PEFTGuard (Sun et al. 2025, arXiv 2411.17453), much smaller; assumed: ΔW of every module pooled to 4 × 4 cells",
    describe=_describe,
    learn=_learn,
)
