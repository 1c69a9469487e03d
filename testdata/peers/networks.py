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
from torchvision.models import efficientnet, mobilenetv2, resnet


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


ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU, "relu6": nn.ReLU6}


def activations(arch):
    """The activation of each stage, by name."""
    return [s.get("activation") or arch.get("activation") or "silu" for s in arch["stages"]]


def residual(arch):
    """Whether the network is a ResNet."""
    return all(s["block"] in ("basic", "bottleneck") for s in arch["stages"])


def libraries(arch):
    """The libraries that have the like, as model/weights.Libraries has it for networks of one activation."""
    if arch.get("padding") == "same":
        return ["timm"]
    kinds, acts = {s["block"] for s in arch["stages"]}, set(activations(arch))
    if residual(arch) or kinds == {"inverted-residual"} and acts == {"relu6"} or kinds == {"mbconv"} and acts == {"silu"} and all(s["se_ratio"] == 0.25 for s in arch["stages"]):
        return ["torchvision", "timm"]
    return ["timm"]


def library(name):
    return {"torchvision": torchvision, "timm": timm_model}[name]


def stem(arch):
    s = arch["stem"]
    return nn.Conv2d(arch["in_channels"], s["channels"], s["kernel"], s["stride"], s["kernel"] // 2, bias=False)


def torchvision(arch):
    """The network as torchvision's EfficientNet, MobileNetV2 or ResNet."""
    if residual(arch):
        return torchvision_resnet(arch)
    if arch["stages"][0]["block"] == "inverted-residual":
        return torchvision_mobilenet(arch)
    settings, channels = [], arch["stem"]["channels"]
    for s in arch["stages"]:
        settings.append(Exact(s["expansion"], s["kernel"], s["stride"], channels, s["channels"], s["repeats"]))
        channels = s["channels"]
    model = efficientnet.EfficientNet(settings, arch["dropout"], num_classes=arch["classes"], norm_layer=norm(arch), last_channel=arch["head"])
    model.features[0][0] = stem(arch)
    return model.eval()


def torchvision_resnet(arch):
    stages = arch["stages"]
    block = {"basic": resnet.BasicBlock, "bottleneck": resnet.Bottleneck}[stages[0]["block"]]
    model = resnet.ResNet(block, [s["repeats"] for s in stages], num_classes=arch["classes"], norm_layer=norm(arch))
    model.inplanes = arch["stem"]["channels"]
    model.conv1, model.bn1 = stem(arch), norm(arch)(model.inplanes)
    for i, s in enumerate(stages):
        setattr(model, f"layer{i + 1}", model._make_layer(block, s["channels"] // block.expansion, s["repeats"], s["stride"]))
    model.fc = nn.Linear(model.inplanes, arch["classes"])
    return model.eval()


def torchvision_mobilenet(arch):
    model = mobilenetv2.MobileNetV2(num_classes=arch["classes"], dropout=arch["dropout"])
    channels, conv = arch["stem"]["channels"], functools.partial(mobilenetv2.Conv2dNormActivation, norm_layer=norm(arch), activation_layer=nn.ReLU6)
    layers = [conv(arch["in_channels"], channels, arch["stem"]["kernel"], arch["stem"]["stride"])]
    for s in arch["stages"]:
        for i in range(s["repeats"]):
            layers.append(mobilenetv2.InvertedResidual(channels, s["channels"], s["stride"] if i == 0 else 1, s["expansion"], norm(arch)))
            channels = s["channels"]
    model.features = nn.Sequential(*layers, conv(channels, arch["head"], 1))
    model.classifier[1] = nn.Linear(arch["head"], arch["classes"])
    return model.eval()


def timm_padding(arch):
    return "same" if arch.get("padding") == "same" else ""


def timm_stage(stage):
    """A stage in timm's notation."""
    kind = {"separable": "dsa", "conv": "cn"}.get(stage["block"]) or ("ds" if stage["expansion"] == 1 else "ir")
    words = [kind, f"r{stage['repeats']}", f"k{stage['kernel']}", f"s{stage['stride']}", f"e{stage['expansion']}", f"c{stage['channels']}"]
    return "_".join(words + ([f"se{stage['se_ratio']}"] if stage["se_ratio"] else []))


def timm_model(arch):
    """The network as timm's EfficientNet, whose names are also those of its MobileNets; of a ResNet as torchvision's, whose names timm shares."""
    if residual(arch):
        return torchvision(arch)
    make_divisible, timm_blocks.make_divisible = timm_blocks.make_divisible, lambda channels, *_: int(channels)
    try:
        model = timm_efficientnet.EfficientNet(
            timm_builder.decode_arch_def([[timm_stage(s)] for s in arch["stages"]]),
            num_classes=arch["classes"], num_features=arch["head"], in_chans=arch["in_channels"], stem_size=arch["stem"]["channels"], fix_stem=True,
            round_chs_fn=lambda channels, *_: int(channels), pad_type=timm_padding(arch), act_layer=ACTIVATIONS[arch.get("activation") or "silu"], norm_layer=norm(arch),
            se_layer=functools.partial(timm_blocks.SqueezeExcite, rd_round_fn=lambda channels: max(1, int(channels + 1e-9))),
        )
    finally:
        timm_blocks.make_divisible = make_divisible
    model.conv_stem = timm.layers.create_conv2d(
        arch["in_channels"], arch["stem"]["channels"], arch["stem"]["kernel"], stride=arch["stem"]["stride"], padding=timm_padding(arch), bias=False
    )
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
