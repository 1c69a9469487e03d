"""Counts of published networks, and of scaled ones, by hooks on the layers of PyTorch's own models; nothing is computed, tensors are on the meta device.

Written to counts.csv: multiply-adds of convolutions and dense layers (no biases, batch norm, pooling, products of squeeze-excite), parameters with batch norm
and biases, elements of all convolutions' outputs, number of layers. Depth and width are coefficients on the network named, by the official rounding: channels
to multiples of 8, repeats upwards. Written to layers.csv: every layer of some networks in the order of execution.

EfficientNets, TinyNets and MobileNetV1 are timm's, MobileNetV2 torchvision's (timm's where it is deeper), ResNets torchvision's.

usage: python3 counts.py        needs torch, torchvision and timm; made with torch 2.15.0, torchvision 0.29.2, timm 1.0.31
"""
import csv, pathlib
import timm, torch, torchvision
from timm.models import efficientnet as family
from torchvision.models import resnet


def count(net, pixels):
    """The layers, as rows of layers.csv without the network's name, and the totals."""
    layers = []

    def hook(m, inputs, out):
        i = inputs[0]
        if isinstance(m, torch.nn.Conv2d):
            h, w, oh, ow = *i.shape[2:], *out.shape[2:]
            kind = "se" if m.bias is not None else "depthwise" if m.groups > 1 else "conv"
            layers.append((kind, m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0], m.groups, h, w, oh, ow, sum(p.numel() for p in m.parameters()),
                           m.weight.numel() * oh * ow))
        else:
            layers.append(("linear", m.in_features, m.out_features, 1, 1, 1, 1, 1, 1, 1, sum(p.numel() for p in m.parameters()), m.weight.numel()))

    for m in net.modules():
        if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear)):
            m.register_forward_hook(hook)
    with torch.no_grad():
        net.eval()(torch.empty(1, 3, pixels, pixels))
    madds = sum(l[-1] for l in layers)
    activations = sum(l[2] * l[8] * l[9] for l in layers if l[0] != "linear")
    return layers, (sum(p.numel() for p in net.parameters()), madds, activations, len(layers))


def efficientnet(depth=1., width=1.):
    return family._gen_efficientnet("efficientnet_b0", channel_multiplier=width, depth_multiplier=depth)


def mobilenet_v1(depth=1., width=1.):
    return family._gen_mobilenet_v1("mobilenetv1_100", channel_multiplier=width, depth_multiplier=depth)


def mobilenet_v2(depth=1., width=1.):
    if depth == 1:
        return torchvision.models.mobilenet_v2(width_mult=width)
    return family._gen_mobilenet_v2("mobilenetv2_100", channel_multiplier=width, depth_multiplier=depth)


class Wide(resnet.ResNet):
    """A ResNet all of whose channels are twice as many: torchvision widens the inside of bottlenecks alone."""

    def __setattr__(self, name, value):
        super().__setattr__(name, 2 * value if name == "inplanes" and "bn1" not in self._modules else value)

    def _make_layer(self, block, planes, *rest, **options):
        layers = super()._make_layer(block, 2 * planes, *rest, **options)
        self.fc_in = self.inplanes
        return layers


def resnet_50(depth=1, width=1):
    repeats = [depth * n for n in (3, 4, 6, 3)]
    if width == 1:
        return resnet.ResNet(resnet.Bottleneck, repeats)
    net = Wide(resnet.Bottleneck, repeats)
    net.fc = torch.nn.Linear(net.fc_in, 1000)
    return net


def networks():
    """(network, depth, width, pixels, model)"""
    for name, pixels in zip(["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "l2"], [224, 240, 260, 300, 380, 456, 528, 600, 672, 800]):
        yield "efficientnet-" + name, 1, 1, pixels, timm.create_model("efficientnet_" + name)
    for i, pixels in enumerate([224, 240, 260, 280, 300]):
        yield f"efficientnet-lite{i}", 1, 1, pixels, timm.create_model(f"efficientnet_lite{i}")
    for name, pixels in zip("abcde", [192, 188, 184, 152, 106]):
        yield "tinynet-" + name, 1, 1, pixels, timm.create_model("tinynet_" + name)
    yield "mobilenet-v1", 1, 1, 224, mobilenet_v1()
    yield "mobilenet-v2", 1, 1, 224, mobilenet_v2()
    for n in [18, 34, 50, 101, 152]:
        yield f"resnet-{n}", 1, 1, 224, getattr(torchvision.models, f"resnet{n}")()
    # The paper's Figure 3.
    for width in [1.4, 1.8, 2.6, 3.8, 5.]:
        yield "efficientnet-b0", 1, width, 224, efficientnet(width=width)
    for depth in [2, 3, 4, 6, 8]:
        yield "efficientnet-b0", depth, 1, 224, efficientnet(depth=depth)
    for pixels in [291, 299, 336, 381, 426, 493, 560]:
        yield "efficientnet-b0", 1, 1, pixels, efficientnet()
    # Its Table 7, and the answer of its grid search.
    yield "efficientnet-b0", 1, 2., 224, efficientnet(width=2.)
    yield "efficientnet-b0", 1, 1, 448, efficientnet()
    for pixels in [291, 299, 300]:
        yield "efficientnet-b0", 1.4, 1.2, pixels, efficientnet(1.4, 1.2)
    yield "efficientnet-b0", 1.2, 1.1, 258, efficientnet(1.2, 1.1)
    # Its Table 3, and the widths that MobileNetV2 was published with.
    yield "mobilenet-v1", 1, 2., 224, mobilenet_v1(width=2.)
    yield "mobilenet-v1", 1, 1, 448, mobilenet_v1()
    yield "mobilenet-v1", 1.4, 1.2, 291, mobilenet_v1(1.4, 1.2)
    yield "mobilenet-v2", 4, 1, 224, mobilenet_v2(depth=4.)
    yield "mobilenet-v2", 1, 1, 448, mobilenet_v2()
    for width in [.35, .5, .75, 1.4, 2.]:
        yield "mobilenet-v2", 1, width, 224, mobilenet_v2(width=width)
    yield "resnet-50", 4, 1, 224, resnet_50(depth=4)
    yield "resnet-50", 1, 2, 224, resnet_50(width=2)
    yield "resnet-50", 1, 1, 448, resnet_50()


LAYERS = ["efficientnet-lite0", "tinynet-c", "mobilenet-v1", "mobilenet-v2", "resnet-18", "resnet-50"]


def table(name, header):
    w = csv.writer(open(pathlib.Path(__file__).with_name(name), "w", newline=""), lineterminator="\n")
    w.writerow(header.split(","))
    return w


with torch.device("meta"):
    totals = table("counts.csv", "network,depth,width,pixels,params,madds,activations,layers")
    layers = table("layers.csv", "network,type,in_ch,out_ch,kernel,stride,groups,in_h,in_w,out_h,out_w,params,madds")
    for name, depth, width, pixels, net in networks():
        rows, total = count(net, pixels)
        totals.writerow([name, depth, width, pixels, *total])
        print(name, depth, width, pixels, *total)
        if name in LAYERS and depth == width == 1 and pixels < 400:
            layers.writerows([name, *row] for row in rows)
