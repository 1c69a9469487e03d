"""The gridsearch program and the folder that the scripts beside this one work in: the first two arguments of each."""

import json
import pathlib
import subprocess
import sys

import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
torch.set_num_threads(1)


def run(*command):
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ends with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def gridsearch(*arguments):
    return run(program, *arguments)


def logits(weights, images):
    """gridsearch's logits of images [n, channels, pixels, pixels]."""
    save_file({"images": images.contiguous()}, folder / "images.safetensors")
    return torch.tensor(json.loads(gridsearch("weights", "evaluate", weights, "--images", "images.safetensors", "--format", "json"))["logits"])


def imported(model, target, *flags):
    """A parameter file of a model of PyTorch."""
    save_file(model.state_dict(), folder / "pytorch.safetensors")
    (folder / target).unlink(missing_ok=True)
    gridsearch("weights", "import", "pytorch.safetensors", *flags, "--output", target)
    return target
