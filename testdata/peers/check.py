"""Holds gridsearch's weights against torchvision, timm and ONNX Runtime: check.py GRIDSEARCH FOLDER

Trains a short quickstart in FOLDER, then for each of its networks, and for published ones with random weights, in both directions: the files load strictly, onnx.checker
accepts them, and the logits of random images agree. Prints a Markdown table; the exit code is 1 if anything fails or differs by more than 1e-4, relative to the
largest logit.
"""

import json
import pathlib
import sys

import networks
import onnx
import onnxruntime
import program
import timm
import torch
import torchvision
from program import folder, gridsearch, here, root
from safetensors.torch import load_file

TOLERANCE = 1e-4
SHORT = ["data.train_examples=320", "train.epochs=2", "replication.seeds=1"]
PUBLISHED = {  # what the libraries' networks are in gridsearch: a baseline, its epsilon of batch norm, and flags
    "efficientnet_b0": ("efficientnet-b0", 1e-5), "efficientnet_b1": ("efficientnet-b1", 1e-5), "mobilenet_v2": ("mobilenet-v2", 1e-5),
    "resnet18": ("resnet-18", 1e-5), "resnet50": ("resnet-50", 1e-5), "mobilenetv1_100": ("mobilenet-v1", 1e-5), "efficientnet_lite0": ("efficientnet-lite0", 1e-5),
    "tinynet_e": ("tinynet-e", 1e-5), "tf_efficientnet_lite0": ("efficientnet-lite0", 1e-3, "--padding", "same"),
}  # fmt: skip
errors = {}  # by group of networks and check


def random_images(arch, count=8):
    return torch.randn(count, arch["in_channels"], arch["pixels"], arch["pixels"], generator=torch.Generator().manual_seed(3))


def loaded(model, path):
    model.load_state_dict(load_file(path), strict=True)
    return model.eval()


@torch.no_grad()
def logits(model, images):
    return model(images)


def onnx_logits(path, images):
    """ONNX Runtime's logits, of all images at once and, for the batch is dynamic, of the first by itself."""
    onnx.checker.check_model(path, full_check=True)
    assert [o.version for o in onnx.load(path).opset_import] == [17], "another opset than 17"
    session = onnxruntime.InferenceSession(path)
    (all_of_them,) = session.run(["logits"], {"images": images.numpy()})
    (first,) = session.run(["logits"], {"images": images[:1].numpy()})
    assert abs(first - all_of_them[:1]).max() <= TOLERANCE * abs(all_of_them).max(), "the logits depend on the batch"
    return torch.from_numpy(all_of_them)


def compare(group, check, got, want):
    size = want.abs().max()
    assert (want - want.mean(0)).abs().max() > 1e-3 * size, f"{group}: the logits do not depend on the image"
    errors.setdefault((group, check), []).append(float((got - want).abs().max() / size))


def check_exports(group, weights, timm_model):
    """A network of gridsearch in all other programs that have its like."""
    files = {end: folder / f"{pathlib.Path(weights).stem}.{end}" for end in ("own", "torchvision", "timm", "onnx")}
    gridsearch("weights", "export", weights, "--output", files["own"])
    gridsearch("weights", "export", weights, "--format", "onnx", "--output", files["onnx"])
    arch = networks.description(files["own"])["architecture"]
    images = random_images(arch)
    mine = program.logits(weights, images)
    for names in networks.libraries(arch):
        gridsearch("weights", "export", weights, "--names", names, "--output", files[names])
        model = timm_model(arch) if names == "timm" else networks.torchvision(arch)
        compare(group, f"exported to {names}", mine, logits(loaded(model, files[names]), images))
    compare(group, "exported to ONNX Runtime", mine, onnx_logits(files["onnx"], images))
    return arch


def check_import(group, library, model, flags):
    """A model of PyTorch in gridsearch; returns the parameter file."""
    target = program.imported(model, f"imported{sum(map(len, errors.values()))}.safetensors", *flags)
    arch = networks.description(folder / target)["architecture"]
    images = random_images(arch)
    compare(group, f"imported from {library}", program.logits(target, images), logits(model.eval(), images))
    return target


def check_study(file, *settings):
    """Every trained network of a study, and one of PyTorch's of the same structure."""
    gridsearch("run", file, *(part for setting in settings for part in ("--set", setting)), "--progress", "none")
    for trial in json.loads(gridsearch("results", file.stem, "--format", "json"))["trials"]:
        (run,) = trial["runs"]
        arch = check_exports(file.stem, run["key"], networks.timm_model)
        for library in networks.libraries(arch):
            made = networks.calibrate(networks.randomise(networks.library(library)(arch), 1), random_images(arch, 32))
            check_import(file.stem, library, made, ["--like", run["key"]])


def check_published(name, pixels, library="torchvision"):
    """A published network: the libraries' own models, as they make them by name; timm's has torchvision's name but where another is given."""
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)() if library == "torchvision" else timm.create_model(name)
    networks.calibrate(networks.randomise(model, 1), torch.randn(8, 3, pixels, pixels))
    baseline, epsilon, *flags = PUBLISHED[name]
    group = f"{name}, {pixels} px"
    file = check_import(group, library, model, ["--baseline", baseline, "--resolution", pixels, "--epsilon", epsilon, *flags])
    check_exports(group, file, lambda arch: timm.create_model({"mobilenet_v2": "mobilenetv2_100"}.get(name, name)))


def check_golden():
    """The files that go test relies on."""
    for data in sorted((root / "model" / "weights" / "testdata").iterdir()):
        golden = load_file(data / "golden.safetensors")
        arch = json.loads((data / "architecture.json").read_text())
        for library in networks.libraries(arch):
            compare("golden files", f"{library}'s", logits(loaded(networks.library(library)(arch), data / f"{library}.safetensors"), golden["images"]), golden["logits"])
        compare("golden files", "network.onnx", onnx_logits(data / "network.onnx", golden["images"]), golden["logits"])


check_golden()
check_study(root / "experiments" / "quickstart.toml", *SHORT)
check_study(here / "variants.toml")
for pixels in (64, 224):
    check_published("efficientnet_b0", pixels)
for name in ("efficientnet_b1", "mobilenet_v2", "resnet18", "resnet50"):
    check_published(name, 64)
for name in ("mobilenetv1_100", "efficientnet_lite0", "tf_efficientnet_lite0", "tinynet_e"):
    check_published(name, 64, "timm")
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}, onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}\n")
print("| networks | check | times | largest difference of a logit, relative to the largest logit |\n|---|---|---|---|")
for (group, check), measured in errors.items():
    print(f"| {group} | {check} | {len(measured)} | {max(measured):.1e} |")
bad = [e for measured in errors.values() for e in measured if not e <= TOLERANCE]
sys.exit(f"{len(bad)} logits differ by more than {TOLERANCE}" if bad else 0)
