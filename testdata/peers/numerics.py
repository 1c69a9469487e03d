"""Holds gridsearch's numbers against torchvision's networks with the same weights: numerics.py GRIDSEARCH FOLDER, with train.test, the tests of model/train, in FOLDER

Counts; logits of evaluation; gradients of a training step; loss curves of fifty steps by SGD, and by RMSProp in TensorFlow's form, whose reference is timm's. Prints
Markdown tables; the exit code is 1 if a count differs, or a number by more than the tolerances.
"""

import copy
import functools
import json
import sys

import networks
import program
import torch
import torch.nn.functional as F
import torchvision
from program import folder, gridsearch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from timm.optim import RMSpropTF
from torch import nn
from torchvision.models.efficientnet import EfficientNet, _efficientnet_conf

LOGITS, GRADIENTS, LOSSES = 1e-4, 1e-3, 1e-3  # tolerances: of the largest logit, of a gradient's norm (where it does not jump), of a loss
SMOOTHING = 0.1
RECIPE = {
    "epochs": 1, "optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "rms_decay": 0.9, "rms_epsilon": 1e-3, "schedule": "constant",
    "weight_decay": 2e-4, "label_smoothing": SMOOTHING,
}  # fmt: skip
bad = []


def counted(model, pixels):
    """Parameters and multiply-adds, as PyTorch has them."""
    madds = 0

    def count(layer, _, output):
        nonlocal madds
        madds += output.numel() * layer.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        model(torch.zeros(1, 3, pixels, pixels))
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for p in model.parameters()), madds


def check_counts(model, baseline, *flags):
    ours, theirs = json.loads(gridsearch("model", baseline, *flags, "--format", "json")), counted(model, flags[1])
    if (ours["params"], ours["madds"]) != theirs:
        bad.append(f"{baseline}: {ours['params']}, {ours['madds']} are counted, PyTorch has {theirs}")
    return theirs


def trained(weights, images, labels, **recipe):
    """gridsearch's losses on batches [steps, batch, ...], and the gradients of the first step."""
    (folder / "network.safetensors").write_bytes((folder / weights).read_bytes())
    save_file({"images": images, "labels": labels.float()}, folder / "data.safetensors")
    (folder / "recipe.json").write_text(json.dumps(RECIPE | {"batch_size": labels.shape[1]} | recipe))
    program.run(folder / "train.test", "-test.run", "TestDump", "-dump", folder)
    return json.loads((folder / "step.json").read_text())["losses"], load_file(folder / "gradients.safetensors")


def loss_of(model, images, labels):
    return F.cross_entropy(model(images), labels, label_smoothing=SMOOTHING)


def gradients(model, images, labels, kind):
    """PyTorch's gradients in that floating-point type."""
    model = copy.deepcopy(model).to(kind).train()
    for m in model.modules():
        if isinstance(m, nn.Dropout) or type(m).__name__ == "StochasticDepth":
            m.eval()
    loss_of(model, images.to(kind), labels).backward()
    return {name: p.grad.double() for name, p in model.named_parameters()}


def distance(model, got, want):
    """The largest difference of a parameter's gradient, relative to its norm. A shift in front of another batch norm has the gradient 0: it counts with its scale."""
    worst = 0
    norms = {f"{name}.bias": f"{name}.weight" for name, m in model.named_modules() if isinstance(m, nn.BatchNorm2d)}
    for name, w in want.items():
        scale = torch.hypot(w.norm(), want[norms[name]].norm()) if name in norms else w.norm()
        worst = max(worst, float((got[name].double() - w).norm() / scale))
    return worst


def draw(seed, count, pixels):
    return torch.randn(count, 3, pixels, pixels, generator=torch.Generator().manual_seed(seed))


def smooth(model):
    """The network with SiLU in the place of all activations."""
    for name, child in model.named_children():
        if isinstance(child, (nn.ReLU, nn.ReLU6)):
            setattr(model, name, nn.SiLU())
        smooth(child)
    return model


def smoothed(weights):
    """The same of a parameter file, whose metadata say the activation."""
    with safe_open(folder / weights, "pt") as file:
        said = json.loads(file.metadata()["gridsearch"])
    said["architecture"]["activation"] = "silu"
    save_file(load_file(folder / weights), folder / weights, {"gridsearch": json.dumps(said)})


def check(label, model, baseline, pixels, *scale, classes=1000, silu=False):
    """A row of the table of networks."""
    if silu:
        smooth(model)
    networks.calibrate(networks.randomise(model, 1), draw(2, 16, pixels))
    flags = ["--resolution", pixels, "--classes", classes, *scale]
    params, madds = check_counts(model, baseline, *flags)
    epsilon = next(m.eps for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    weights = program.imported(model, "numerics.safetensors", "--baseline", baseline, "--epsilon", epsilon, *flags)
    if silu:
        smoothed(weights)
    images, labels = draw(3, 16, pixels), torch.randint(0, classes, (16,), generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        want = model(images)
    logit = float((program.logits(weights, images) - want).abs().max() / want.abs().max())
    theirs, exact = gradients(model, images, labels, torch.float32), gradients(model, images, labels, torch.float64)
    _, ours = trained(weights, images[None], labels[None])
    error = distance(model, ours, theirs)
    print(f"| {label} | {pixels} | {params:,} | {madds:,} | {logit:.1e} | {error:.1e} | {distance(model, theirs, exact):.1e} |", flush=True)
    if not logit <= LOGITS:
        bad.append(f"{label}: logits differ by {logit:.1e}")
    if not error <= GRADIENTS and not jumps(model):
        bad.append(f"{label}: gradients differ by {error:.1e}")


def jumps(model):
    """Whether gradients jump, so that rounding can move them by any amount."""
    return any(isinstance(m, (nn.ReLU, nn.ReLU6)) for m in model.modules())


def small():
    """B0 of half the width and depth, of ten classes, with gridsearch's batch norm."""
    settings, _ = _efficientnet_conf("efficientnet_b0", width_mult=0.5, depth_mult=0.5)
    return EfficientNet(settings, 0, stochastic_depth_prob=0, num_classes=10, norm_layer=functools.partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01))


SMALL = ("efficientnet-b0", 32, "--width", 0.5, "--depth", 0.5)  # what gridsearch calls it, at 32 pixels


def losses(model, images, labels, recipe, kind):
    """PyTorch's loss of each step, in that floating-point type."""
    model = copy.deepcopy(model).to(kind).train()
    groups = [{"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": recipe["weight_decay"]}, {"params": [p for p in model.parameters() if p.ndim == 1]}]
    if recipe["optimizer"] == "sgd":
        optimizer = torch.optim.SGD(groups, lr=recipe["learning_rate"], momentum=recipe["momentum"], nesterov=recipe["nesterov"])
    else:
        optimizer = RMSpropTF(groups, lr=recipe["learning_rate"], alpha=recipe["rms_decay"], eps=recipe["rms_epsilon"], momentum=recipe["momentum"])
    curve = []
    for x, y in zip(images.to(kind), labels):
        optimizer.zero_grad()
        loss = loss_of(model, x, y)
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


def difference(a, b):
    return max(abs(x - y) / y for x, y in zip(a, b, strict=True))


def check_curve(optimizer, rate, steps=50, batch=32):
    """Fifty steps on the same data: images of a class have a pattern under noise."""
    generator = torch.Generator().manual_seed(7)
    labels = torch.randint(0, 10, (steps, batch), generator=generator)
    images = torch.randn(10, 3, 32, 32, generator=generator)[labels] + torch.randn(steps, batch, 3, 32, 32, generator=generator)
    torch.manual_seed(8)
    model, recipe = small(), RECIPE | {"optimizer": optimizer, "learning_rate": rate}
    weights = program.imported(model, "numerics.safetensors", "--baseline", SMALL[0], "--resolution", SMALL[1], "--classes", 10, *SMALL[2:])
    ours, _ = trained(weights, images, labels, **recipe)
    theirs, exact = (losses(model, images, labels, recipe, kind) for kind in (torch.float32, torch.float64))
    error = difference(ours, theirs)
    print(f"| {optimizer} | {rate} | {theirs[0]:.4f} | {ours[-1]:.4f} | {theirs[-1]:.4f} | {error:.1e} | {difference(theirs, exact):.1e} |", flush=True)
    if not error <= LOSSES:
        bad.append(f"{optimizer}: losses differ by {error:.1e}")


print("| network | pixels | parameters | multiply-adds | largest error of a logit | largest error of a gradient | that of PyTorch in float32 against float64 |")
print("|---|---|---|---|---|---|---|")
check("B0, half as wide and deep", small(), *SMALL, classes=10)
for name, baseline, pixels in (
    ("efficientnet_b0", "efficientnet-b0", 64), ("efficientnet_b0", "efficientnet-b0", 224), ("efficientnet_b1", "efficientnet-b1", 64),
    ("mobilenet_v2", "mobilenet-v2", 64), ("resnet18", "resnet-18", 64), ("resnet50", "resnet-50", 64),
):  # fmt: skip
    check(name, getattr(torchvision.models, name)(), baseline, pixels)
    if baseline[0] != "e":
        check(f"{name} with SiLU", getattr(torchvision.models, name)(), baseline, pixels, silu=True)
# At higher rates these steps are chaotic: rounding grows until PyTorch's own losses in float32 and in float64 have nothing in common.
print("\n| optimiser | rate | first loss | gridsearch's last | PyTorch's last | largest relative difference | that of PyTorch in float32 against float64 |")
print("|---|---|---|---|---|---|---|")
check_curve("sgd", 2e-4)
check_curve("rmsprop", 2e-4)
sys.exit("\n".join(bad) if bad else 0)
