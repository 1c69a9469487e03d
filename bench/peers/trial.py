"""One trial of a search on Fashion-MNIST as a user of PyTorch would write it: start, data, augmentation, training, evaluation, result.

The network is a JSON file: "stem", "stem_stride", "head", "stages" (rows of expansion, channels, kernel, stride, repeats) and, where they differ from
network.Architecture's, "dropout", "drop_connect" and "norm_momentum" (share of a batch in the running statistics). Data stay in memory, images are brought to
the trial's size once, and augmentation works on whole batches: no data loader is faster at this size. Prints a JSON object; "seconds" counts from the start of
the process, Python's own start and the import of PyTorch included.
"""

import argparse
import gzip
import json
import os
import pathlib
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F

import network


def main() -> None:
    """Runs the command line."""
    args = arguments()
    imported = seconds_of_process()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    training, validation = load(args)
    loaded = seconds_of_process()
    net = network.Network(architecture(args))
    params, madds = network.cost(net, args.resolution)
    net = net.to(memory_format=layout(args))
    loss = train(net, *training, args)
    trained = seconds_of_process()
    top1 = evaluate(net, *validation)
    ended = seconds_of_process()
    given = ("network", "width", "depth", "resolution", "epochs", "seed", "threads", "engine", "layout")
    result = {name: getattr(args, name) for name in given} | {"torch": torch.__version__, "params": params, "madds": madds}
    result |= {"top1": top1, "loss": loss, "seconds": ended, "import_seconds": imported, "data_seconds": loaded - imported}
    result |= {"train_seconds": trained - loaded, "eval_seconds": ended - trained}
    print(json.dumps(result))


def arguments() -> argparse.Namespace:
    """Reads the command line. The defaults are the recipe of experiments/fashion-mnist.toml."""
    parser = argparse.ArgumentParser(description="a trial on Fashion-MNIST in PyTorch")
    parser.add_argument("network", help="JSON file of the network")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the IDX files (default %(default)s)")
    parser.add_argument("--train-examples", type=int, default=40_000)
    parser.add_argument("--validation-examples", type=int, default=6_000)
    parser.add_argument("--width", type=float, default=1, help="coefficient of the file's channels (default %(default)s)")
    parser.add_argument("--depth", type=float, default=1, help="coefficient of the file's repeats (default %(default)s)")
    parser.add_argument("--resolution", type=int, default=16, help="pixels on a side (default %(default)s)")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.1, help="highest learning rate (default %(default)s)")
    parser.add_argument("--warmup", type=float, default=0.1, help="share of the steps during which the rate rises (default %(default)s)")
    parser.add_argument("--decay", type=float, default=2e-4, help="weight decay (default %(default)s)")
    parser.add_argument("--shift", type=float, default=0.07, help="largest shift as a share of the side (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layout", choices=["nchw", "channels_last"], default="channels_last")
    parser.add_argument("--engine", choices=["eager", "compile"], default="eager")
    return parser.parse_args()


def layout(args: argparse.Namespace) -> torch.memory_format:
    """The memory format of images and weights."""
    return torch.channels_last if args.layout == "channels_last" else torch.contiguous_format


def seconds_of_process() -> float:
    """Time since this process was started, to a hundredth."""
    fields = pathlib.Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def architecture(args: argparse.Namespace) -> network.Architecture:
    """Reads the network's file and scales what is there, channels to even numbers and repeats to the nearest."""
    values = json.loads(pathlib.Path(args.network).read_text(encoding="utf-8"))
    values["stages"] = tuple(network.Stage(*row) for row in values["stages"])
    base = network.Architecture(in_channels=1, classes=10, **values)
    return network.scale(base, args.width, args.depth, divisor=2, repeats=network.repeats_nearest)


def load(args: argparse.Namespace) -> tuple[tuple, tuple]:
    """Returns images and labels of training and validation, normalised by the training images' mean and deviation."""
    images = read_idx(pathlib.Path(args.data, "train-images-idx3-ubyte.gz"), header=16).view(-1, 1, 28, 28)
    labels = read_idx(pathlib.Path(args.data, "train-labels-idx1-ubyte.gz"), header=8).long()
    order = torch.randperm(len(images))
    train, validation = order[: args.train_examples], order[-args.validation_examples :]
    small = {
        name: shrink(images[part], args.resolution).to(memory_format=layout(args)) for name, part in (("train", train), ("validation", validation))
    }
    deviation, mean = torch.std_mean(small["train"])
    return ((small["train"] - mean) / deviation, labels[train]), ((small["validation"] - mean) / deviation, labels[validation])


def read_idx(path: pathlib.Path, header: int) -> torch.Tensor:
    """Reads the bytes behind the header of an IDX file."""
    with gzip.open(path) as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)[header:]


def shrink(images: torch.Tensor, pixels: int) -> torch.Tensor:
    """Brings images to a smaller size by an area filter: a new pixel is the mean of what it covers of the old ones."""
    size = images.shape[-1]
    edges = torch.arange(pixels + 1) * (size / pixels)
    old = torch.arange(size)
    covered = torch.minimum(edges[1:, None], old + 1) - torch.maximum(edges[:-1, None], old)
    weights = covered.clamp(min=0) * (pixels / size)
    return weights @ (images / 255) @ weights.T


def train(net: network.Network, images: torch.Tensor, labels: torch.Tensor, args: argparse.Namespace) -> float:
    """Trains the network and returns the last step's loss."""
    optimizer = network.sgd(net, args.rate, args.decay, "fused")
    steps = args.epochs * (len(images) // args.batch)

    def loss_of(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(net(images), labels, label_smoothing=0.1)

    forward = torch.compile(loss_of) if args.engine == "compile" else loss_of
    net.train()
    for step, (x, y) in enumerate(batches(images, labels, args)):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, args)
        optimizer.zero_grad(set_to_none=True)
        loss = forward(x, y)
        loss.backward()
        optimizer.step()
    return loss.item()


def batches(images: torch.Tensor, labels: torch.Tensor, args: argparse.Namespace) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yields augmented batches of all epochs, each in an order of its own and without the ragged batch at its end."""
    largest = args.shift * args.resolution
    for _ in range(args.epochs):
        order = torch.randperm(len(images))
        for start in range(0, len(images) - args.batch + 1, args.batch):
            chosen = order[start : start + args.batch]
            yield augment(images[chosen], largest).contiguous(memory_format=layout(args)), labels[chosen]


def augment(images: torch.Tensor, largest: float) -> torch.Tensor:
    """Shifts every image by up to so many pixels along each axis, with its reflection at the edge, and flips half of them."""
    count, size = images.shape[0], images.shape[-1]
    place = torch.arange(size)
    shift = (largest * (2 * torch.rand(2, count, 1) - 1)).round().long()
    columns = torch.where(torch.rand(count, 1) < 0.5, size - 1 - place, place)
    rows, columns = reflect(place + shift[0], size), reflect(columns + shift[1], size)
    return images[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def reflect(places: torch.Tensor, size: int) -> torch.Tensor:
    """Brings coordinates outside back in, without repeating the edge."""
    return size - 1 - (size - 1 - places.abs()).abs()


def rate(step: int, steps: int, args: argparse.Namespace) -> float:
    """The learning rate of a step: rises linearly from 0, then falls linearly to 0."""
    warm = args.warmup * steps
    return args.rate * ((step + 0.5) / warm if step < warm else (steps - step) / (steps - warm))


def evaluate(net: network.Network, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Returns the share of images that are named right."""
    net.eval()
    with torch.inference_mode():
        right = sum((net(x).argmax(1) == y).sum().item() for x, y in zip(images.split(500), labels.split(500), strict=True))
    return right / len(labels)


if __name__ == "__main__":
    main()
