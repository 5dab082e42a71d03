"""The cutnet network: an EfficientNet-Lite encoder and a light decoder.

Input: N x 3 x H x W, RGB as (v - 127) / 128 with v in 0..255; H and W are multiples of 32.
Output: logits; their sigmoid is the probability that a pixel belongs to the subject.

Attribute names such as `_expand_conv`, `enc` or `f` are the keys of the checkpoint files. Those
that begin with an underscore are also the keys of the ImageNet weights. Do not rename them.
"""

import math
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch import nn


class Stage(NamedTuple):
    """A row of EfficientNet's table: blocks of one width, the first of which has the stride."""

    repeats: int
    channels: int
    stride: int
    kernel: int
    expansion: int


STAGES = (
    Stage(1, 16, 1, 3, 1),
    Stage(2, 24, 2, 3, 6),
    Stage(2, 40, 2, 5, 6),
    Stage(3, 80, 2, 3, 6),
    Stage(3, 112, 1, 5, 6),
    Stage(4, 192, 2, 5, 6),
    Stage(1, 320, 1, 3, 6),
)
# The last stage of each resolution, from 1/2 to 1/32 of the side: the decoder reads its output.
TAPPED_STAGES = (0, 1, 2, 4, 6)
STEM_CHANNELS = 32
# Width and depth multipliers of EfficientNet-Lite0, 1 and 2.
MULTIPLIERS = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}


def scaled_channels(channels: int, multiplier: float) -> int:
    """Channel count times a multiplier, as a multiple of 8 that is at least 90 % of the product."""
    if multiplier == 1:
        return channels
    wanted = channels * multiplier
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def encoder_norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation with the constants that the ImageNet weights were trained with."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Inverted residual block: expand by 1x1, depthwise convolution, project by 1x1."""

    def __init__(self, inputs: int, outputs: int, stride: int, kernel: int, expansion: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.expands = expansion > 1
        self.has_skip = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, middle, 1, bias=False)
            self._bn0 = encoder_norm(middle)
        self._depthwise_conv = nn.Conv2d(
            middle, middle, kernel, stride, kernel // 2, groups=middle, bias=False
        )
        self._bn1 = encoder_norm(middle)
        self._project_conv = nn.Conv2d(middle, outputs, 1, bias=False)
        self._bn2 = encoder_norm(outputs)

    def forward(self, features: Tensor) -> Tensor:
        result = features
        if self.expands:
            result = F.relu6(self._bn0(self._expand_conv(result)))
        result = F.relu6(self._bn1(self._depthwise_conv(result)))
        result = self._bn2(self._project_conv(result))
        return features + result if self.has_skip else result


class Encoder(nn.Module):
    """EfficientNet-Lite without its classifier; returns maps at 1/2, 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, variant: int = 0) -> None:
        super().__init__()
        width, depth = MULTIPLIERS[variant]
        self._conv_stem = nn.Conv2d(3, STEM_CHANNELS, 3, 2, 1, bias=False)
        self._bn0 = encoder_norm(STEM_CHANNELS)
        blocks: list[Block] = []
        self.tapped_blocks: list[int] = []
        self.tapped_channels: list[int] = []
        inputs = STEM_CHANNELS
        for number, stage in enumerate(STAGES):
            outputs = scaled_channels(stage.channels, width)
            # The depth multiplier leaves the first and the last stage as they are.
            is_end = number in (0, len(STAGES) - 1)
            repeats = stage.repeats if is_end else math.ceil(stage.repeats * depth)
            for repeat in range(repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(Block(inputs, outputs, stride, stage.kernel, stage.expansion))
                inputs = outputs
            if number in TAPPED_STAGES:
                self.tapped_blocks.append(len(blocks) - 1)
                self.tapped_channels.append(outputs)
        self._blocks = nn.ModuleList(blocks)

    def forward(self, image: Tensor) -> list[Tensor]:
        features = F.relu6(self._bn0(self._conv_stem(image)))
        tapped = []
        for number, block in enumerate(self._blocks):
            features = block(features)
            if number in self.tapped_blocks:
                tapped.append(features)
        return tapped


def convolution(
    inputs: int, outputs: int, kernel: int = 1, groups: int = 1, activate: bool = True
) -> nn.Sequential:
    """Convolution with batch normalisation and, unless `activate` is false, ReLU6."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if activate:
        layers.append(nn.ReLU6())
    return nn.Sequential(*layers)


class Mix(nn.Module):
    """Residual block of the decoder: depthwise convolution, 1x1 to more channels, 1x1 back."""

    def __init__(self, channels: int, kernel: int = 5, expansion: int = 2) -> None:
        super().__init__()
        self.f = nn.Sequential(
            convolution(channels, channels, kernel, channels, activate=False),
            convolution(channels, channels * expansion),
            convolution(channels * expansion, channels, activate=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        return F.relu6(features + self.f(features))


def doubled(features: Tensor) -> Tensor:
    """Feature map at twice the height and width, interpolated bilinearly."""
    return F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)


class CutNet(nn.Module):
    """The whole network.

    Returns a list of logits. The first is N x 1 x H x W. In training mode, five more follow, at
    1/32, 1/16, 1/8, 1/4 and 1/2 of the side, which serve the loss only.

    variant: which EfficientNet-Lite is the encoder: 0, 1 or 2.
    widths: the decoder's channels at 1/32, 1/16, 1/8, 1/4 and 1/2.
    full_width: its channels at the full side.
    """

    def __init__(
        self,
        variant: int = 0,
        widths: tuple[int, int, int, int, int] = (128, 96, 64, 48, 32),
        full_width: int = 16,
    ) -> None:
        super().__init__()
        self.variant = variant
        self.enc = Encoder(variant)
        taps = self.enc.tapped_channels
        deepest, *others = widths
        self.top = nn.Sequential(
            convolution(taps[4], deepest, activate=False), Mix(deepest), Mix(deepest), Mix(deepest)
        )
        self.lat = nn.ModuleList(
            [convolution(taps[3 - level], others[level], activate=False) for level in range(4)]
        )
        self.up = nn.ModuleList(
            [convolution(widths[level], others[level], activate=False) for level in range(4)]
        )
        # The map at 1/2 is large, so its block is the cheap kind.
        self.mix = nn.ModuleList([*(Mix(width) for width in others[:3]), Mix(others[3], 3, 1)])
        self.side = nn.ModuleList([nn.Conv2d(width, 1, 1) for width in widths])
        self.full_in = convolution(3, full_width, 3)
        self.full_up = convolution(others[3], full_width, activate=False)
        self.full_mix = Mix(full_width, 3, 1)
        self.head = nn.Conv2d(full_width, 1, 3, 1, 1)
        # Most pixels are background, so the first guess is a low probability.
        nn.init.constant_(self.head.bias, -1.0)

    def forward(self, image: Tensor) -> list[Tensor]:
        taps = self.enc(image)
        features = self.top(taps[4])
        sides = [self.side[0](features)] if self.training else []
        for level in range(4):
            larger = doubled(self.up[level](features))
            features = self.mix[level](F.relu6(larger + self.lat[level](taps[3 - level])))
            if self.training:
                sides.append(self.side[level + 1](features))
        full = doubled(self.full_up(features))
        full = self.full_mix(F.relu6(full + self.full_in(image)))
        return [self.head(full), *sides]


def as_float32(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """State dictionary whose floating-point tensors are float32."""
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }


def load_encoder(network: CutNet, path: Path) -> list[str]:
    """Loads ImageNet weights into the encoder; returns the names that the file does not provide."""
    published = torch.load(path, map_location="cpu", weights_only=True)
    own = network.enc.state_dict()
    fitting = {
        name: tensor
        for name, tensor in published.items()
        if name in own and own[name].shape == tensor.shape
    }
    network.enc.load_state_dict(as_float32(fitting), strict=False)
    return [name for name in own if name not in fitting]


def save_checkpoint(network: CutNet, path: Path, steps: int, samples: int) -> None:
    """Writes the weights, as float16, with the number of training steps and samples behind them."""
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    configuration = {"v": network.variant}
    torch.save({"cfg": configuration, "model": state, "steps": steps, "seen": samples}, path)


def load_checkpoint(path: Path) -> CutNet:
    """Network in float32 with the weights of a checkpoint."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    network = CutNet(variant=checkpoint["cfg"]["v"])
    network.load_state_dict(as_float32(checkpoint["model"]))
    return network


def count_macs(network: CutNet, side: int) -> int:
    """Multiplications that the convolutions need for one image of side x side pixels."""
    total = 0

    def add(layer: nn.Conv2d, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += layer.weight.numel() * output.shape[2] * output.shape[3]

    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    hooks = [layer.register_forward_hook(add) for layer in convolutions]
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        network(torch.zeros(1, 3, side, side))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
