"""Times training steps and inference of EfficientNet-B0, scaled, MobileNets and ResNets in PyTorch on a CPU; one workload in one mode is one process.

    peer.py bench [options]    times a number of steps and prints a JSON object
    peer.py serve [options]    prints a JSON object when warm; then answers every line "step N" with a line of JSON, the times of N steps

Training: forward pass, cross-entropy with label smoothing, backward pass, SGD with Nesterov momentum and weight decay; dropout, stochastic depth and running
statistics on. Inference: evaluation mode. Data are random and made before the clock starts.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

import classics
import network

Step = Callable[[], torch.Tensor]


def main() -> None:
    """Runs the command line."""
    args = arguments()
    imported = memory("VmRSS")
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    step, facts = build(args)
    facts["import_rss_bytes"] = imported
    facts["warmup_ms"] = times(step, args.warmup)
    forget_peak()
    if args.command == "bench":
        bench(step, facts, args.rounds)
    else:
        serve(step, facts)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="PyTorch's side of gridsearch's benchmark")
    parser.add_argument("command", choices=["bench", "serve"])
    parser.add_argument("--mode", choices=["train", "infer"], default="train")
    parser.add_argument("--baseline", choices=["efficientnet-b0", *classics.CLASSICS], default="efficientnet-b0")
    parser.add_argument("--width", type=float, default=1, help="coefficient of the channels (default %(default)s)")
    parser.add_argument("--depth", type=float, default=1, help="coefficient of the repeats (default %(default)s)")
    parser.add_argument("--resolution", type=int, default=32, help="pixels on a side (default %(default)s)")
    parser.add_argument("--batch", type=int, default=128, help="images in a step (default %(default)s)")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layout", choices=["nchw", "channels_last"], default="nchw")
    parser.add_argument("--engine", choices=["eager", "compile", "onnx"], default="eager", help="onnx is ONNX Runtime, for inference")
    parser.add_argument(
        "--optimizer", choices=["fused", "foreach", "loop"], default="fused", help="PyTorch's implementation of SGD (default %(default)s)"
    )
    parser.add_argument("--warmup", type=int, default=3, help="steps before the first that is timed (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="steps that bench times (default %(default)s)")
    args = parser.parse_args()
    if args.engine == "onnx" and args.mode == "train":
        parser.error("--engine onnx is for --mode infer")
    if args.baseline in classics.CLASSICS and (args.width, args.depth) != (1, 1):
        parser.error("--width and --depth are for efficientnet-b0")
    return args


def build(args: argparse.Namespace) -> tuple[Step, dict]:
    """Makes the step that is timed, and what is known before it runs."""
    if args.baseline in classics.CLASSICS:
        net = classics.CLASSICS[args.baseline](args.classes)
    else:
        net = network.Network(network.scale(network.b0(args.classes), args.width, args.depth))
    parameters, madds = network.cost(net, args.resolution)
    layout = torch.channels_last if args.layout == "channels_last" else torch.contiguous_format
    net = net.to(memory_format=layout)
    images = torch.randn(args.batch, 3, args.resolution, args.resolution).to(memory_format=layout)
    facts = {name: getattr(args, name) for name in ("mode", "baseline", "width", "depth", "resolution", "batch", "classes", "threads", "layout", "engine")}
    facts |= {"params": parameters, "madds": madds, "torch": torch.__version__, "python": sys.version.split()[0]}
    if args.mode == "train":
        return train_step(net, images, args), facts
    if args.engine == "onnx":
        step, facts["onnxruntime"] = onnx_step(net, images, args.threads)
        return step, facts
    return infer_step(net, images, args.engine), facts


def train_step(net: torch.nn.Module, images: torch.Tensor, args: argparse.Namespace) -> Step:
    """Returns a function that makes one training step and returns its loss."""
    labels = torch.randint(args.classes, (args.batch,))
    optimizer = network.sgd(net, 0.01, 2e-4, args.optimizer)

    def loss_of(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(net(images), labels, label_smoothing=0.1)

    forward = torch.compile(loss_of) if args.engine == "compile" else loss_of

    def step() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = forward(images, labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def infer_step(net: torch.nn.Module, images: torch.Tensor, engine: str) -> Step:
    """Returns a function that returns the logits of the images. Compiled networks are frozen: weights become constants in the layout that suits them."""
    net.eval()
    forward = torch.compile(net, options={"freezing": True}) if engine == "compile" else net

    def step() -> torch.Tensor:
        with torch.inference_mode():
            return forward(images)

    return step


def onnx_step(net: torch.nn.Module, images: torch.Tensor, threads: int) -> tuple[Step, str]:
    """Returns a function that returns the logits of the images by ONNX Runtime, and ONNX Runtime's version."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        torch.onnx.export(net.eval(), (images,), path, dynamo=True, verbose=False)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images.contiguous().numpy()}

    def step() -> torch.Tensor:
        return torch.from_numpy(session.run(None, feed)[0])

    return step, onnxruntime.__version__


def times(step: Step, count: int) -> list[float]:
    """Makes steps and returns the milliseconds of each. Ends the program if the last result is no number."""
    milliseconds = []
    for _ in range(count):
        began = time.perf_counter()
        result = step()
        milliseconds.append((time.perf_counter() - began) * 1e3)
    if not torch.isfinite(result).all():
        sys.exit("peer.py: the network's output is no number any more")
    return milliseconds


def bench(step: Step, facts: dict, rounds: int) -> None:
    """Times steps and prints one JSON object."""
    milliseconds = times(step, rounds)
    facts |= {"rounds": rounds, "step_ms_min": min(milliseconds), "step_ms_median": statistics.median(milliseconds)}
    say(facts | {"peak_rss_bytes": memory("VmHWM")})


def serve(step: Step, facts: dict) -> None:
    """Answers lines "step N" until the input ends."""
    say(facts)
    for line in sys.stdin:
        command, count = line.split()
        if command != "step":
            sys.exit(f'peer.py: {command!r} is not known: did you mean "step"?')
        say({"step_ms": times(step, int(count)), "peak_rss_bytes": memory("VmHWM")})


def say(value: dict) -> None:
    """Prints a JSON object on a line of its own at once."""
    print(json.dumps(value), flush=True)


def memory(field: str) -> int:
    """Bytes of this process: VmRSS is what is resident now, VmHWM its peak."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Starts the peak anew, so that it is of the steps and not of what came before them, compilation above all."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


if __name__ == "__main__":
    main()
