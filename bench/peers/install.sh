#!/usr/bin/env bash
# Installs PyTorch for use on a CPU into a virtual environment. A second call repairs or renews what the first made.
#
# usage: install.sh [FOLDER]        the default is .venv beside this script; PYTHON names another Python than python3
#
# PyTorch's wheel for Linux is built for GPUs: with its dependencies it is a download of 2.7 GB and does not load without them. This installs
# 0.6 GB: pip takes no dependencies, and the GPU libraries that PyTorch is linked with, none of which a CPU ever calls, are replaced by libraries that
# define the symbols the loader looks for, each a function that stops the program. What computes on a CPU (oneDNN, MKL, OpenMP) is inside PyTorch's own files.
# Needs Python 3.11 or newer with its headers, gcc and binutils; torch.compile needs g++ as well.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/.venv}
python=${PYTHON:-python3}

fail() {
	echo "install.sh: $*" >&2
	exit 1
}

# check_machine says what is missing before anything is downloaded.
check_machine() {
	[ "$(uname -s)" = Linux ] || fail "this is for Linux: elsewhere use pip install torch, whose wheel is for CPUs there"
	for tool in gcc g++ readelf ldd awk; do
		command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install g++ binutils"
	done
	command -v "$python" >/dev/null || fail "$python is missing: set PYTHON to a Python 3.11 or newer"
	"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$("$python" -V) is too old: set PYTHON to 3.11 or newer"
	"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python has no venv: apt-get install python3-venv"
	"$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
		fail "$python has no headers, which torch.compile needs: apt-get install python3-dev"
	mkdir -p "$(dirname "$venv")"
	[ "$(df -Pk "$(dirname "$venv")" | awk 'NR == 2 {print $4}')" -gt 2500000 ] || fail "$(dirname "$venv") has less than 2.5 GB free"
}

# stand_in NAME SYMBOL...: a library NAME that defines the symbols, under the version by which PyTorch's libraries ask for them.
stand_in() {
	local name=$1 version
	shift
	version=$(readelf -W -V libtorch*.so 2>/dev/null | awk -v name="$name" '/ File: / {ours = $5 == name} / Name: / && ours && !n++ {print $3}')
	{ [ $# = 0 ] || printf 'void %s(void) { __builtin_trap(); }\n' "$@"; } |
		gcc -w -shared -fPIC -Wl,-soname,"$name" ${version:+-Wl,--version-script,<(echo "$version { *; };")} -o "$name" -x c -
	echo "$name" >>stand-ins
}

# remove_stand_ins takes away what an earlier call made, perhaps for another PyTorch.
remove_stand_ins() {
	[ -e stand-ins ] || return 0
	xargs rm -f <stand-ins
	rm stand-ins
}

# missing_libraries lists the libraries that PyTorch is linked with and that are not there.
missing_libraries() {
	ldd libtorch_python.so | awk '/not found/ {print $1}' | sort -u
}

# missing_symbols lists what the loader would look for in the libraries given and not find.
missing_symbols() {
	local empty
	empty=$(mktemp -d)
	for name in "$@"; do
		gcc -shared -Wl,-soname,"$name" -o "$empty/$name" -x c /dev/null
	done
	{ LD_LIBRARY_PATH=$empty ldd -r libtorch_python.so 2>&1 || true; } | awk '/undefined symbol: / {sub(",", "", $3); if ($3 !~ /^_*Py/) print $3}' | sort -u
	rm -r "$empty"
}

check_machine
"$python" -m venv "$venv"
"$venv/bin/pip" install --no-deps --disable-pip-version-check -r "$here/requirements.txt"

cd "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/torch/lib"
remove_stand_ins
mapfile -t libraries < <(missing_libraries)
mapfile -t symbols < <(missing_symbols "${libraries[@]}")
for name in "${libraries[@]}"; do
	stand_in "$name" "${symbols[@]}"
done

"$venv/bin/python" - <<-'PYTHON' || fail "PyTorch is installed in $venv and does not work: the message above says why; remove the folder to begin anew"
	import onnxruntime, torch
	from torch._inductor.utils import fresh_cache
	with fresh_cache():
	    compiled = torch.compile(lambda x: (x * 2).sum())(torch.ones(8)).item()
	assert compiled == 16, compiled
	print("PyTorch", torch.__version__, "computes and compiles on this CPU; ONNX Runtime", onnxruntime.__version__)
PYTHON
