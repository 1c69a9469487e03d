"""Reference values for the blocks of MobileNets and ResNets, made by PyTorch of torchvision's own blocks.

The network is `every` of reference_test.go: stem 3x3/2 to 7 channels and max pooling; a 3x3 convolution to 8; separable to 10, ReLU; inverted residuals 10 -> 10 with
expansion 3, ReLU6, and 10 -> 12 k3/2 with 2; basic 12 -> 12 and 12 -> 14 /2; bottleneck 14 -> 16 with expansion 4 and 16 -> 16; classifier of 5 classes. Activations are
ReLU but where another is said. Batch 8, 33 pixels.

Written to kinds.json as reference.py writes reference.json, without the losses of ten steps.

usage: python3 kinds.py        needs torch, torchvision and numpy; made with torch 2.15.0, torchvision 0.29.2 on one thread of a CPU
"""
import base64, json, pathlib
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import Conv2dNormActivation as Conv

torch.manual_seed(1)
torch.set_num_threads(1)
SMOOTHING, EPS, MOMENTUM = .1, 1e-3, .9


def shortcut(i, o, stride):
    return nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))


net = nn.Sequential(
    Conv(3, 7, 3, 2), nn.MaxPool2d(3, 2, 1), Conv(7, 8, 3), nn.Sequential(Conv(8, 8, 3, groups=8), Conv(8, 10, 1)), InvertedResidual(10, 10, 1, 3), InvertedResidual(10, 12, 2, 2),
    BasicBlock(12, 12), BasicBlock(12, 14, 2, shortcut(12, 14, 2)), Bottleneck(14, 4, 1, shortcut(14, 16, 1)), Bottleneck(16, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5))
for m in net.modules():
    if isinstance(m, nn.BatchNorm2d):
        m.eps, m.momentum = EPS, 1 - MOMENTUM
        nn.init.uniform_(m.weight, .5, 1.5)
        nn.init.normal_(m.bias, 0, .3)

NAMES = {"stem": ["conv"], "block0": ["conv"], "block1": ["depthwise", "pointwise"], "block2": ["expand", "depthwise", "project"], "block3": ["expand", "depthwise", "project"],
         "block4": ["conv1", "conv2"], "block5": ["conv1", "conv2", "shortcut"], "block6": ["conv1", "conv2", "conv3", "shortcut"], "block7": ["conv1", "conv2", "conv3"]}


def layout(w):
    """That of package nn: [k, k, in, out], where 1x1 is left out or not, and [k, k, channels] of depthwise convolutions."""
    if w.shape[1] == 1 and w.shape[2] > 1:
        return w[:, 0].permute(1, 2, 0)
    return w.permute(2, 3, 1, 0)


def named():
    """(name in package nn, tensor, transform to our layout) of every parameter."""
    convs, norms = (iter([m for m in net.modules() if isinstance(m, kind)]) for kind in (nn.Conv2d, nn.BatchNorm2d))
    for block, parts in NAMES.items():
        for part in parts:
            c, n = next(convs), next(norms)
            yield f"{block}.{part}.weight", c.weight, layout
            yield f"{block}.{part}.bn.gamma", n.weight, lambda t: t
            yield f"{block}.{part}.bn.beta", n.bias, lambda t: t
    yield "head.classifier.weight", net[-1].weight, lambda t: t.t()
    yield "head.classifier.bias", net[-1].bias, lambda t: t


def text(t):
    return base64.b64encode(np.ascontiguousarray(t.detach().numpy(), dtype="<f4").tobytes()).decode()


images, labels = torch.randn(8, 3, 33, 33), torch.randint(0, 5, (8,))
out = dict(images=text(images.permute(0, 2, 3, 1)), labels=labels.tolist(), smoothing=SMOOTHING, weights={n: text(f(t)) for n, t, f in named()})
logits = net(images)
loss = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
loss.backward()
last = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)][-1]
out.update(logits=text(logits), loss=loss.item(), gradients={n: text(f(t.grad)) for n, t, f in named()}, running_mean=text(last.running_mean), running_variance=text(last.running_var))
with torch.no_grad():
    out["evaluation"] = text(net.eval()(images))
pathlib.Path(__file__).with_name("kinds.json").write_text(json.dumps(out, indent=0))
print(torch.__version__, out["loss"])
