"""The training loss: how far the network's logits are from the label.

Shapes: logits and label are N x 1 x H x W, the label in 0..1; each term is a vector of N values.
The pixels near edges have a higher weight, since most errors are there.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

PIXELS = (1, 2, 3)
EDGE_WEIGHT = 4.0
GRADIENT_WEIGHT = 4.0
SIDE_OUTPUT_WEIGHT = 0.25


def edge_weights(label: Tensor) -> Tensor:
    """Weight of each pixel: 1 where the label is flat, up to 5 where it differs from around it."""
    # A window of about 1/14 of the side, odd so that it has a centre.
    window = max(3, (label.shape[-1] // 14) | 1)
    surroundings = F.avg_pool2d(label, window, 1, window // 2)
    return 1 + EDGE_WEIGHT * (surroundings - label).abs()


def region_loss(logits: Tensor, mask: Tensor, label: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy plus one minus the soft intersection over union.

    mask: the sigmoid of the logits, which the other terms need too.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, label, reduction="none")
    entropy = (weights * entropy).sum(PIXELS) / weights.sum(PIXELS)
    intersection = (weights * mask * label).sum(PIXELS)
    union = (weights * (mask + label - mask * label)).sum(PIXELS)
    # The ones let an empty mask on an empty label count as a full overlap.
    return entropy + 1 - (intersection + 1) / (union + 1)


def absolute_loss(mask: Tensor, label: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference."""
    return (weights * (mask - label).abs()).sum(PIXELS) / weights.sum(PIXELS)


def gradient_loss(mask: Tensor, label: Tensor) -> Tensor:
    """Mean absolute difference of the steps between neighbouring pixels, down and across."""
    down = (mask.diff(dim=2) - label.diff(dim=2)).abs().mean(PIXELS)
    across = (mask.diff(dim=3) - label.diff(dim=3)).abs().mean(PIXELS)
    return down + across


def fine_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Loss of the output at the full side: region, absolute difference and gradients."""
    weights = edge_weights(label)
    mask = torch.sigmoid(logits)
    region = region_loss(logits, mask, label, weights)
    absolute = absolute_loss(mask, label, weights)
    return region + absolute + GRADIENT_WEIGHT * gradient_loss(mask, label)


def coarse_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Loss of a side output: region alone, since a small map has no fine edges."""
    return region_loss(logits, torch.sigmoid(logits), label, edge_weights(label))


def total_loss(outputs: list[Tensor], label: Tensor, sample_weights: Tensor) -> Tensor:
    """Loss of a batch, one number: the full output, and a quarter of each side output.

    outputs: what the network returns in training mode, the full side first.
    sample_weights: one for each sample; prepare.py gives a doubtful label a low one.
    """
    full, *sides = outputs
    # The network may compute in bfloat16, which is too coarse for sums over an image.
    loss = (fine_loss(full.float(), label) * sample_weights).mean()
    for logits in sides:
        smaller = F.interpolate(label, size=logits.shape[-2:], mode="area")
        side = (coarse_loss(logits.float(), smaller) * sample_weights).mean()
        loss = loss + SIDE_OUTPUT_WEIGHT * side
    return loss
