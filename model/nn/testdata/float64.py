"""Compares a training step of EfficientNet-B0 with PyTorch's in float64.

usage: go test ./model/nn -run TestDump -dump FOLDER [-width W -pixels R -batch B -threads T]
       python3 float64.py FOLDER          needs torch and numpy

Prints the difference of the loss, and the largest relative differences (L2) of a parameter's gradient, with those of PyTorch's own float32 beside them.
GRIDSEARCH_KERNELS chooses the kernels.
"""
import json, pathlib, sys
import numpy as np, torch, torch.nn.functional as F

folder = pathlib.Path(sys.argv[1])
step = json.loads((folder / "step.json").read_text())


def read(name, shape, kind="<f4"):
    return np.fromfile(folder / name, dtype=kind).reshape(shape)


weights = {}


def conv(x, name, stride=1):
    """A convolution with weights [in, out], [k, k, in, out] or, depthwise, [k, k, channels]."""
    w = weights[name + ".weight"]
    if w.dim() == 2:
        return F.conv2d(x, w.t()[:, :, None, None], weights.get(name + ".bias"))
    if w.dim() == 3:
        return F.conv2d(x, w.permute(2, 0, 1)[:, None], stride=stride, padding=w.shape[0] // 2, groups=w.shape[2])
    return F.conv2d(x, w.permute(3, 2, 0, 1), stride=stride, padding=w.shape[0] // 2)


def norm(x, name):
    return F.batch_norm(x, None, None, weights[name + ".bn.gamma"], weights[name + ".bn.beta"], training=True, eps=step["epsilon"])


def bottleneck(x, b):
    name, y = b["Name"], x
    if b["Expanded"] != b["In"]:
        y = F.silu(norm(conv(y, name + ".expand"), name + ".expand"))
    y = F.silu(norm(conv(y, name + ".depthwise", b["Stride"]), name + ".depthwise"))
    if b["SEChannels"]:
        gate = conv(F.silu(conv(y.mean((2, 3), keepdim=True), name + ".se.reduce")), name + ".se.expand")
        y = y * torch.sigmoid(gate)
    y = norm(conv(y, name + ".project"), name + ".project")
    return x + y if b["Skip"] else y


def gradients(dtype):
    """The loss and the gradient of every weight in a precision."""
    weights.clear()
    weights.update({name: torch.tensor(read(name, shape), dtype=dtype, requires_grad=True) for name, shape in step["shapes"].items()})
    batch, pixels = step["batch"], step["pixels"]
    x = torch.tensor(read("images", (batch, pixels, pixels, 3)), dtype=dtype).permute(0, 3, 1, 2)
    for b in step["blocks"]:
        if b["Kind"] == "stem":
            x = F.silu(norm(conv(x, "stem.conv", b["Stride"]), "stem.conv"))
        elif b["Kind"] == "mbconv":
            x = bottleneck(x, b)
        else:
            x = F.silu(norm(conv(x, "head.conv"), "head.conv")).mean((2, 3))
    logits = x @ weights["head.classifier.weight"] + weights["head.classifier.bias"]
    loss = F.cross_entropy(logits, torch.tensor(read("labels", (batch,), "<i4"), dtype=torch.int64), label_smoothing=.1)
    loss.backward()
    return loss.item(), {name: w.grad.double() for name, w in weights.items()}


def differences(got, want):
    """The relative difference of every gradient, largest first."""
    result = {}
    for name, w in want.items():
        scale = w.norm()
        if name.endswith(".beta"):  # a shift in front of another batch norm has the gradient 0: it counts together with its scale
            scale = torch.hypot(scale, want[name[:-4] + "gamma"].norm())
        result[name] = float((got[name] - w).norm() / scale)
    return sorted(result.items(), key=lambda d: -d[1])


def show(who, loss, exact, worst):
    print(f"{who}: loss {loss:.8f}, {loss - exact:+.1e}; largest differences of a gradient: " + ", ".join(f"{name} {d:.1e}" for name, d in worst[:5]))


exact, want = gradients(torch.float64)
ours = {name: torch.tensor(read(name + ".gradient", shape), dtype=torch.float64) for name, shape in step["shapes"].items()}
show("gridsearch", step["loss"], exact, differences(ours, want))
single, theirs = gradients(torch.float32)
show("PyTorch in float32", single, exact, differences(theirs, want))
