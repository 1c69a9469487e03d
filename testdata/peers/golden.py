"""Golden files for the tests of package model/weights, made by torchvision and timm: golden.py FOLDER

Reads FOLDER/architecture.json and writes there one network with random weights as torchvision.safetensors and as timm.safetensors, and golden.safetensors with
images [n, c, h, w] and the logits that both libraries compute for them. On one thread of a CPU it writes the same bytes every time.
"""

import json
import pathlib
import sys

import networks
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
folder = pathlib.Path(sys.argv[1])
arch = json.loads((folder / "architecture.json").read_text())
torchvision, timm = networks.randomise(networks.torchvision(arch), 1), networks.timm_model(arch)
for (ours, a), (theirs, b) in zip(torchvision.state_dict().items(), timm.state_dict().items(), strict=True):
    assert a.shape == b.shape, f"{ours} {tuple(a.shape)} is not {theirs} {tuple(b.shape)}"
    b.copy_(a)
images = torch.randn(3, arch["in_channels"], arch["pixels"], arch["pixels"], generator=torch.Generator().manual_seed(2))
with torch.no_grad():
    logits, again = torchvision(images), timm(images)
assert torch.allclose(logits, again, rtol=1e-5, atol=1e-6), "torchvision and timm differ"
save_file(torchvision.state_dict(), folder / "torchvision.safetensors")
save_file(timm.state_dict(), folder / "timm.safetensors")
save_file({"images": images, "logits": logits}, folder / "golden.safetensors")
print("golden files of torch", torch.__version__, "in", folder)
