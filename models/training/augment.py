"""Training batches: samples drawn at random, warped, recoloured, put before other backgrounds."""

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Part of a batch whose background is replaced; of that, one in eight (at least one) has no subject.
REPLACED = 0.22
WITHOUT_SUBJECT = 8


class Samples(NamedTuple):
    """What prepare.py wrote: images N x 3 x H x W and labels N x H x W in bytes, weights N."""

    images: Tensor
    labels: Tensor
    weights: Tensor
    subjects: Tensor  # numbers of the images with a usable label
    backgrounds: Tensor  # numbers of the images without a subject


class Batch(NamedTuple):
    """Network input B x 3 x S x S, labels B x 1 x S x S in 0..1, and a weight of each sample, B."""

    images: Tensor
    labels: Tensor
    weights: Tensor


def load_samples(path: Path, device: str) -> Samples:
    """Samples from a file by prepare.py; on a GPU they are kept in its memory as bytes."""
    stored = torch.load(path, weights_only=True)
    usable, is_background = stored["ok"], stored["back"]
    return Samples(
        images=stored["im"].to(device),
        labels=stored["lab"].to(device),
        weights=stored["wt"].to(device),
        subjects=torch.nonzero(usable & ~is_background).squeeze(1),
        backgrounds=torch.nonzero(is_background).squeeze(1),
    )


class Batches:
    """A source of random batches from some samples."""

    def __init__(self, samples: Samples, device: str, seed: int) -> None:
        self.samples = samples
        self.device = device
        self.generator = torch.Generator(device=device).manual_seed(seed)

    def draw(self, count: int, side: int) -> Batch:
        """A batch of `count` samples, side x side."""
        chosen = self._choose(self.samples.subjects, count)
        images, labels = self._warped(chosen, side)
        batch = Batch(images, labels, self.samples.weights[chosen])
        replaced = int(count * REPLACED)
        if replaced and len(self.samples.backgrounds):
            batch = self._on_other_backgrounds(batch, replaced)
        images = (self._recoloured(batch.images) * 255 - 127) / 128
        return batch._replace(images=images)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, device=self.device, generator=self.generator)

    def _choose(self, numbers: Tensor, count: int) -> Tensor:
        return numbers[torch.randint(len(numbers), (count,))].to(self.device)

    def _warped(self, chosen: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Images and labels in 0..1, cropped, zoomed, stretched, turned and mirrored alike."""
        images = self.samples.images[chosen].float()
        labels = self.samples.labels[chosen].float()[:, None]
        grid = F.affine_grid(
            self._transforms(len(chosen)), [len(chosen), 1, side, side], align_corners=False
        )
        # Reflection gives an edge beyond the image that looks like a photo, unlike black.
        images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        labels = F.grid_sample(labels, grid, padding_mode="reflection", align_corners=False)
        return images / 255, labels / 255

    def _transforms(self, count: int) -> Tensor:
        """Affine matrices, count x 2 x 3, from output to input coordinates, both in -1..1."""
        # The part of the side that is seen: from half of it to a little more than the whole.
        seen = 1.12 - 0.62 * self._uniform(count) ** 1.3
        aspect = torch.exp((self._uniform(count) - 0.5) * 0.36)
        scale_x, scale_y = seen * aspect.sqrt(), seen / aspect.sqrt()
        # As far as the window can move without leaving the image.
        shift_x = (2 * self._uniform(count) - 1) * (1 - scale_x).abs()
        shift_y = (2 * self._uniform(count) - 1) * (1 - scale_y).abs()
        # A third of the samples is turned, by up to 0.3 radians.
        angle = (self._uniform(count) - 0.5) * (self._uniform(count) < 0.35) * 0.6
        cosine, sine = torch.cos(angle), torch.sin(angle)
        mirror = torch.where(self._uniform(count) < 0.5, -1.0, 1.0)
        row_x = torch.stack([cosine * scale_x * mirror, -sine * scale_y, shift_x], 1)
        row_y = torch.stack([sine * scale_x * mirror, cosine * scale_y, shift_y], 1)
        return torch.stack([row_x, row_y], 1)

    def _on_other_backgrounds(self, batch: Batch, replaced: int) -> Batch:
        """The batch with its first `replaced` subjects before other backgrounds, or left away."""
        chosen = self._choose(self.samples.backgrounds, replaced)
        scenes, _ = self._warped(chosen, batch.images.shape[-1])
        alpha = batch.labels[:replaced]
        composed = batch.images[:replaced] * alpha + scenes * (1 - alpha)
        # Scenes alone, with an empty label, teach the network that there may be no subject.
        empty = max(1, replaced // WITHOUT_SUBJECT)
        blank = torch.zeros_like(batch.labels[:empty])
        return Batch(
            images=torch.cat([scenes[:empty], composed[empty:], batch.images[replaced:]]),
            labels=torch.cat([blank, batch.labels[empty:]]),
            weights=torch.cat([torch.ones_like(batch.weights[:empty]), batch.weights[empty:]]),
        )

    def _recoloured(self, images: Tensor) -> Tensor:
        """Images in 0..1 with other brightness, contrast and colours, some soft or noisy."""
        count = len(images)

        def around_zero(width: float) -> Tensor:
            return (self._uniform(count, 1, 1, 1) - 0.5) * width

        def some(part: float) -> Tensor:
            return self._uniform(count, 1, 1, 1) < part

        images = images * (1 + around_zero(0.5)) + around_zero(0.2)
        mean = images.mean((1, 2, 3), keepdim=True)
        images = (images - mean) * (1 + around_zero(0.7)) + mean
        grey = images.mean(1, keepdim=True)
        saturation = torch.where(some(0.06), 0.0, 1 + around_zero(0.9))
        images = (images - grey) * saturation + grey
        images = images * (1 + (self._uniform(count, 3, 1, 1) - 0.5) * 0.16)
        images = torch.where(some(0.12), F.avg_pool2d(images, 3, 1, 1), images)
        noise = torch.randn(images.shape, device=self.device, generator=self.generator)
        noise = noise * some(0.25) * self._uniform(count, 1, 1, 1) * 0.05
        return (images + noise).clamp(0, 1)
