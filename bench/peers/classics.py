"""MobileNets and ResNets in PyTorch, layer for layer torchvision's (MobileNetV1: Keras's), with gridsearch's names.

References:
    [mobile1] A. Howard et al., MobileNets, 2017, Table 1.
    [mobile2] M. Sandler et al., MobileNetV2, 2018, Table 2.
    [resnet]  K. He et al., Deep Residual Learning, 2015, Table 1; stride at the 3x3 convolution of a bottleneck.
"""

import torch
import torch.nn.functional as F
from torch import nn


def conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, epsilon: float = 1e-5) -> list[nn.Module]:
    """A convolution without bias, and batch norm."""
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs, eps=epsilon)]


def relu6() -> nn.Module:
    """The activation of MobileNets."""
    return nn.ReLU6(inplace=True)


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, linear projection ([mobile2])."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int):
        super().__init__()
        inner = inputs * expansion
        layers = [*conv_norm(inputs, inner), relu6()] if expansion > 1 else []
        self.layers = nn.Sequential(*layers, *conv_norm(inner, inner, 3, stride, groups=inner), relu6(), *conv_norm(inner, outputs))
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the block's map, added to its input where the shapes agree."""
        return x + self.layers(x) if self.skip else self.layers(x)


class Residual(nn.Module):
    """Two convolutions, or three with narrow ones inside, and the input beside them ([resnet])."""

    def __init__(self, inputs: int, outputs: int, stride: int, narrow: int):
        super().__init__()
        if narrow:
            layers = [*conv_norm(inputs, narrow), nn.ReLU(True), *conv_norm(narrow, narrow, 3, stride), nn.ReLU(True), *conv_norm(narrow, outputs)]
        else:
            layers = [*conv_norm(inputs, outputs, 3, stride), nn.ReLU(True), *conv_norm(outputs, outputs, 3)]
        self.layers = nn.Sequential(*layers)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the activated sum."""
        return F.relu(self.layers(x) + self.shortcut(x), inplace=True)


def head(channels: int, classes: int, dropout: float = 0.0) -> list[nn.Module]:
    """Pooling and classifier."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), *([nn.Dropout(dropout)] if dropout else []), nn.Linear(channels, classes)]


def mobilenet_v1(classes: int) -> nn.Module:
    """[mobile1]; ReLU6, batch norm and dropout as Keras has them."""
    layers = [*conv_norm(3, 32, 3, 2, epsilon=1e-3), relu6()]
    inputs = 32
    for outputs, stride, repeats in [(64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 2, 6), (1024, 2, 2)]:
        for repeat in range(repeats):
            layers += [*conv_norm(inputs, inputs, 3, stride if repeat == 0 else 1, groups=inputs, epsilon=1e-3), relu6()]
            layers += [*conv_norm(inputs, outputs, epsilon=1e-3), relu6()]
            inputs = outputs
    return nn.Sequential(*layers, *head(inputs, classes, 0.001))


def mobilenet_v2(classes: int) -> nn.Module:
    """[mobile2]."""
    layers: list[nn.Module] = [*conv_norm(3, 32, 3, 2), relu6()]
    inputs = 32
    for expansion, outputs, repeats, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for repeat in range(repeats):
            layers.append(InvertedResidual(inputs, outputs, expansion, stride if repeat == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, *conv_norm(inputs, 1280), relu6(), *head(1280, classes, 0.2))


def resnet(classes: int, repeats: list[int], bottleneck: bool) -> nn.Module:
    """[resnet]."""
    layers: list[nn.Module] = [*conv_norm(3, 64, 7, 2), nn.ReLU(True), nn.MaxPool2d(3, 2, 1)]
    inputs, width = 64, 64
    for stage, count in enumerate(repeats):
        outputs = 4 * width if bottleneck else width
        for repeat in range(count):
            layers.append(Residual(inputs, outputs, 2 if stage and repeat == 0 else 1, width if bottleneck else 0))
            inputs = outputs
        width *= 2
    return nn.Sequential(*layers, *head(inputs, classes))


CLASSICS = {
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "resnet-18": lambda classes: resnet(classes, [2, 2, 2, 2], False),
    "resnet-34": lambda classes: resnet(classes, [3, 4, 6, 3], False),
    "resnet-50": lambda classes: resnet(classes, [3, 4, 6, 3], True),
    "resnet-101": lambda classes: resnet(classes, [3, 4, 23, 3], True),
    "resnet-152": lambda classes: resnet(classes, [3, 8, 36, 3], True),
}
