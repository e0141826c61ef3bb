"""Two adapters as one."""

import numpy as np

from lorascan.weights.joined import joined


def factors(stem: str, rank: int, seed: int, kernel: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        f"{stem}.lora_A.weight": rng.standard_normal((rank, 6, *kernel)).astype(np.float32),
        f"{stem}.lora_B.weight": rng.standard_normal((5, rank, *(1 for _ in kernel))).astype(np.float32),
    }


def delta(tensors: dict[str, np.ndarray], stem: str) -> np.ndarray:
    down, up = tensors[f"{stem}.lora_A.weight"], tensors[f"{stem}.lora_B.weight"]
    return np.asarray(up.reshape(len(up), -1) @ down.reshape(len(down), -1))


def test_the_updates_of_a_shared_module_add_up_whatever_their_ranks_and_kernels() -> None:
    for kernel in ((), (3, 3)):
        first, second = factors("unet.a", 2, 0, kernel), factors("unet.a", 3, 1, kernel)
        assert np.allclose(delta(joined(first, second), "unet.a"), delta(first, "unet.a") + delta(second, "unet.a"), atol=1e-5)


def test_a_module_that_only_one_updates_is_kept() -> None:
    first, second = factors("unet.a", 2, 0), factors("unet.b", 2, 1)
    assert joined(first, second) == {**first, **second}
