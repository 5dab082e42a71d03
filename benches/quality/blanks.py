"""Images without a subject: flat, gradients and noise of many kinds, made anew from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def images(seed: int) -> dict[str, np.ndarray]:
    """Name to image, height x width x 3 values of 0..255."""
    random = np.random.default_rng(seed)
    found = {}
    for index, (width, height) in enumerate([(640, 480), (300, 450), (1200, 800), (320, 320)]):
        y, x = np.mgrid[0:height, 0:width]
        flat = np.broadcast_to(random.integers(0, 256, 3), (height, width, 3)).astype(float)
        ends = random.integers(0, 256, (2, 3)).astype(float)
        along = (x / width)[..., None] * ends[0] + (1 - x / width)[..., None] * ends[1]
        down = (y / height)[..., None] * ends[1] + (1 - y / height)[..., None] * ends[0]
        radius = np.hypot(x - width / 2, y - height / 2)[..., None] / np.hypot(width, height) * 2
        uniform = random.integers(0, 256, (height, width, 3)).astype(float)
        kinds = {
            "flat": flat,
            "flat-noisy": flat + random.normal(0, 4, flat.shape),
            "gradient-along": along,
            "gradient-down": down,
            "gradient-noisy": down + random.normal(0, 3, flat.shape),
            "gradient-radial": radius * ends[0] + (1 - radius) * ends[1],
            "noise-uniform": uniform,
            "noise-normal": 128 + random.normal(0, 50, flat.shape),
            "noise-grey": np.repeat(random.integers(0, 256, (height, width, 1)), 3, axis=2).astype(float),
        }
        for kind, values in kinds.items():
            found[f"{kind}-{index}"] = np.clip(values, 0, 255).astype(np.uint8)
    return found


def write(folder: Path, seed: int) -> int:
    """Writes them as PNG and says how many they are."""
    folder.mkdir(parents=True)
    made = images(seed)
    for name, values in made.items():
        Image.fromarray(values).save(folder / f"{name}.png")
    return len(made)
