"""EfficientNet-like networks in PyTorch, layer for layer those of gridsearch's package model.

References:
    [effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019. Table 1 is B0.
    [code]   The authors' code, efficientnet_builder.py and efficientnet_model.py: rounding rules, strides, widths, initialisation.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

SLACK = 1e-9  # absorbs the binary representation of decimal coefficients


class Stage(NamedTuple):
    """A row of equal blocks; the first has the stride."""

    expansion: int
    channels: int
    kernel: int
    stride: int
    repeats: int


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A network before anything is allocated for it."""

    stem: int
    head: int
    stages: tuple[Stage, ...]
    stem_stride: int = 2
    in_channels: int = 3
    classes: int = 10
    dropout: float = 0.0
    drop_connect: float = 0.0  # stochastic depth: rate of the last block, rising linearly from 0 at the first
    norm_epsilon: float = 1e-3
    norm_momentum: float = 0.01  # share of a batch in the running statistics


def b0(classes: int) -> Architecture:
    """EfficientNet-B0 ([effnet] Table 1)."""
    rows = [(1, 16, 3, 1, 1), (6, 24, 3, 2, 2), (6, 40, 5, 2, 2), (6, 80, 3, 2, 3), (6, 112, 5, 1, 3), (6, 192, 5, 2, 4), (6, 320, 3, 1, 1)]
    return Architecture(stem=32, head=1280, stages=tuple(Stage(*row) for row in rows), classes=classes, dropout=0.2, drop_connect=0.2)


def round_channels(exact: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, but never less than nine tenths ([code], round_filters)."""
    rounded = max(divisor, int(exact + divisor / 2 + SLACK) // divisor * divisor)
    return rounded if rounded >= 0.9 * exact - SLACK else rounded + divisor


def repeats_up(exact: float) -> int:
    """The next whole number ([code], round_repeats)."""
    return math.ceil(exact - SLACK)


def repeats_nearest(exact: float) -> int:
    """The nearest whole number, but never 0."""
    return max(1, math.floor(exact + 0.5 + SLACK))


def scale(base: Architecture, width: float, depth: float, divisor: int = 8, repeats: Callable[[float], int] = repeats_up) -> Architecture:
    """Multiplies channels by width and repeats by depth; without the last two arguments as [code] does."""

    def channels(number: int) -> int:
        return round_channels(number * width, divisor)

    stages = (s._replace(channels=channels(s.channels), repeats=repeats(s.repeats * depth)) for s in base.stages)
    return dataclasses.replace(base, stem=channels(base.stem), head=channels(base.head), stages=tuple(stages))


class ConvNorm(nn.Sequential):
    """A convolution without bias, batch norm and, where wanted, SiLU."""

    def __init__(self, arch: Architecture, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True):
        layers = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, eps=arch.norm_epsilon, momentum=arch.norm_momentum),
        ]
        super().__init__(*layers, *([nn.SiLU(inplace=True)] if act else []))


class SqueezeExcite(nn.Module):
    """Scales every channel by what a small network makes of all channels' means."""

    def __init__(self, channels: int, squeezed: int):
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the scaled map."""
        squeezed = F.silu(self.reduce(F.adaptive_avg_pool2d(x, 1)), inplace=True)
        return x * torch.sigmoid(self.expand(squeezed))


def drop_residual(x: torch.Tensor, rate: float) -> torch.Tensor:
    """Stochastic depth: zeroes whole examples and scales up those that survive."""
    survival = 1 - rate
    mask = x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(survival).div_(survival)
    return x * mask


class MBConv(nn.Module):
    """The mobile inverted bottleneck with squeeze-excite."""

    def __init__(self, arch: Architecture, inputs: int, stage: Stage, stride: int, drop_rate: float):
        super().__init__()
        expanded = inputs * stage.expansion
        layers = [ConvNorm(arch, inputs, expanded)] if stage.expansion > 1 else []
        layers += [
            ConvNorm(arch, expanded, expanded, stage.kernel, stride, groups=expanded),
            SqueezeExcite(expanded, max(1, inputs // 4)),
            ConvNorm(arch, expanded, stage.channels, act=False),
        ]
        self.layers = nn.Sequential(*layers)
        self.skip = stride == 1 and inputs == stage.channels
        self.drop_rate = drop_rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the block's map, added to its input where the shapes agree."""
        y = self.layers(x)
        if not self.skip:
            return y
        if self.training and self.drop_rate > 0:
            y = drop_residual(y, self.drop_rate)
        return y + x


class Network(nn.Sequential):
    """A whole network, from images to logits."""

    def __init__(self, arch: Architecture):
        layers = [
            ConvNorm(arch, arch.in_channels, arch.stem, 3, arch.stem_stride),
            *blocks(arch),
            ConvNorm(arch, arch.stages[-1].channels, arch.head),
        ]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(arch.dropout), nn.Linear(arch.head, arch.classes))
        initialise(self)


def blocks(arch: Architecture) -> list[MBConv]:
    """Makes the blocks of all stages; block i of N is dropped at rate * i / N ([code], drop_connect)."""
    total = sum(stage.repeats for stage in arch.stages)
    made: list[MBConv] = []
    inputs = arch.stem
    for stage in arch.stages:
        for repeat in range(stage.repeats):
            rate = arch.drop_connect * len(made) / total
            made.append(MBConv(arch, inputs, stage, stage.stride if repeat == 0 else 1, rate))
            inputs = stage.channels
    return made


def initialise(net: nn.Module) -> None:
    """The authors' initialisation ([code]), and zeros for the last gamma of blocks with a skip, which then start as the identity."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] ** 2 * module.out_channels // module.groups
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            bound = 1 / math.sqrt(module.out_features)
            nn.init.uniform_(module.weight, -bound, bound)
            nn.init.zeros_(module.bias)
    for module in net.modules():
        if isinstance(module, MBConv) and module.skip:
            nn.init.zeros_(module.layers[-1][1].weight)


def sgd(net: nn.Module, rate: float, decay: float, variant: str) -> torch.optim.SGD:
    """SGD with Nesterov momentum; weight decay on kernels only. The variant is PyTorch's: "fused", "foreach" or "loop"."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True, foreach=variant == "foreach", fused=variant == "fused")


def cost(net: nn.Module, resolution: int) -> tuple[int, int]:
    """Counts trained parameters, and multiply-adds of convolutions and dense layers for one image, by hooks on the layers."""
    counts: list[int] = []

    def count(layer: nn.Module, _inputs: tuple, output: torch.Tensor) -> None:
        counts.append(layer.weight[0].numel() * output.numel())

    layers = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    was_training = net.training
    net.eval()
    with torch.no_grad():
        net(torch.zeros(1, layers[0].in_channels, resolution, resolution))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for p in net.parameters()), sum(counts)
