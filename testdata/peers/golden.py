"""Golden files for the tests of package model/weights, made by torchvision and timm: golden.py FOLDER...

Reads FOLDER/architecture.json and writes there one network with random weights as torchvision.safetensors and as timm.safetensors, where these have the like, and
golden.safetensors with images [n, c, h, w] and the logits that both libraries compute for them. On one thread of a CPU it writes the same bytes every time.
"""

import json
import pathlib
import sys

import networks
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
for folder in map(pathlib.Path, sys.argv[1:]):
    arch = json.loads((folder / "architecture.json").read_text())
    images = torch.randn(3, arch["in_channels"], arch["pixels"], arch["pixels"], generator=torch.Generator().manual_seed(2))
    first, *others = networks.libraries(arch)
    model = networks.randomise(networks.library(first)(arch), 1)
    with torch.no_grad():
        logits = model(images)
    save_file(model.state_dict(), folder / f"{first}.safetensors")
    save_file({"images": images, "logits": logits}, folder / "golden.safetensors")
    for other in others:
        again = networks.library(other)(arch)
        for (ours, a), (theirs, b) in zip(model.state_dict().items(), again.state_dict().items(), strict=True):
            assert a.shape == b.shape, f"{ours} {tuple(a.shape)} is not {theirs} {tuple(b.shape)}"
            b.copy_(a)
        with torch.no_grad():
            assert torch.allclose(logits, again(images), rtol=1e-5, atol=1e-6), f"{first} and {other} differ"
        save_file(again.state_dict(), folder / f"{other}.safetensors")
    print("golden files of torch", torch.__version__, "in", folder)
