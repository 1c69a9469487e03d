"""gridsearch's networks as models of torchvision and timm, built from the architecture that a parameter file describes.

Both libraries round channels to multiples of 8 inside their blocks, which the networks of a search need not have: the classes below leave that out. For a network
whose channels are such multiples they are the libraries' own models.
"""

import functools
import json

import timm.layers
import timm.models._efficientnet_blocks as timm_blocks
import timm.models.efficientnet as timm_efficientnet
import timm.models._efficientnet_builder as timm_builder
import torch
from safetensors import safe_open
from torch import nn
from torchvision.models import efficientnet


def description(path):
    """What a parameter file says of itself: {"architecture", "mean", "deviation", ...}."""
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["gridsearch"])


def norm(arch):
    return functools.partial(nn.BatchNorm2d, eps=arch["batch_norm_epsilon"], momentum=1 - arch["batch_norm_momentum"])


class Exact(efficientnet.MBConvConfig):
    """A stage whose channels stay as they are."""

    @staticmethod
    def adjust_channels(channels, width_mult, min_value=None):
        return int(channels * width_mult)


def in_torchvision(arch):
    """Whether torchvision has the like: its MBConv has squeeze-excite of a quarter, always."""
    return all(s["se_ratio"] == 0.25 for s in arch["stages"])


def torchvision(arch):
    """The network as torchvision's EfficientNet."""
    settings, channels = [], arch["stem"]["channels"]
    for s in arch["stages"]:
        settings.append(Exact(s["expansion"], s["kernel"], s["stride"], channels, s["channels"], s["repeats"]))
        channels = s["channels"]
    model = efficientnet.EfficientNet(settings, arch["dropout"], num_classes=arch["classes"], norm_layer=norm(arch), last_channel=arch["head"])
    first = model.features[0][0]
    model.features[0][0] = nn.Conv2d(arch["in_channels"], first.out_channels, arch["stem"]["kernel"], arch["stem"]["stride"], arch["stem"]["kernel"] // 2, bias=False)
    return model.eval()


def timm_model(arch):
    """The network as timm's EfficientNet."""
    lines = []
    for s in arch["stages"]:
        kind = "ds" if s["expansion"] == 1 else "ir"
        lines.append([f"{kind}_r{s['repeats']}_k{s['kernel']}_s{s['stride']}_e{s['expansion']}_c{s['channels']}" + (f"_se{s['se_ratio']}" if s["se_ratio"] else "")])
    make_divisible, timm_blocks.make_divisible = timm_blocks.make_divisible, lambda channels, *_: int(channels)
    try:
        model = timm_efficientnet.EfficientNet(
            timm_builder.decode_arch_def(lines),
            num_classes=arch["classes"], num_features=arch["head"], in_chans=arch["in_channels"], stem_size=arch["stem"]["channels"], fix_stem=True,
            round_chs_fn=lambda channels, *_: int(channels), act_layer=nn.SiLU, norm_layer=norm(arch),
            se_layer=functools.partial(timm_blocks.SqueezeExcite, rd_round_fn=lambda channels: max(1, int(channels + 1e-9))),
        )
    finally:
        timm_blocks.make_divisible = make_divisible
    stem, kernel = model.conv_stem, arch["stem"]["kernel"]
    model.conv_stem = nn.Conv2d(arch["in_channels"], stem.out_channels, kernel, arch["stem"]["stride"], kernel // 2, bias=False)
    return model.eval()


def randomise(model, seed):
    """Weights and running statistics at which every layer counts."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, t in model.state_dict().items():
            if name.endswith("running_var") or t.ndim == 1 and name.endswith("weight"):
                t.uniform_(0.5, 1.5, generator=generator)
            elif t.ndim > 1:
                t.normal_(0, (2 / t[0].numel()) ** 0.5, generator=generator)
            elif t.is_floating_point():
                t.normal_(0, 0.2, generator=generator)
    return model


def calibrate(model, images):
    """Sets the running statistics to those of the images, so that activations keep their size through many layers."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    kept = [m.momentum for m in norms]
    for m in norms:
        m.momentum = 1.0
    with torch.no_grad():
        model.train()(images)
    for m, momentum in zip(norms, kept):
        m.momentum = momentum
    return model.eval()
