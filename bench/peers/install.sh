#!/usr/bin/env bash
# Installs PyTorch for use on a CPU into a virtual environment.
#
# usage: install.sh [FOLDER]        the default is .venv beside this script
#
# PyTorch's wheel for Linux is built for GPUs: with its dependencies it is a download of 2.7 GB and does not load without them. This installs
# 0.6 GB: pip takes no dependencies, and the GPU libraries that PyTorch is linked with, none of which a CPU ever calls, are replaced by libraries that
# define the symbols the loader looks for, each a function that stops the program. What computes on a CPU (oneDNN, MKL, OpenMP) is inside PyTorch's own files.
# Needs Python 3.11 or newer with its headers, gcc and binutils; torch.compile needs g++ as well.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/.venv}
python=${PYTHON:-python3}

# stand_in NAME SYMBOL...: a library NAME that defines the symbols, under the version by which PyTorch's libraries ask for them.
stand_in() {
	local name=$1 version
	shift
	version=$(readelf -W -V libtorch*.so 2>/dev/null | awk -v name="$name" '/ File: / {ours = $5 == name} / Name: / && ours && !n++ {print $3}')
	printf 'void %s(void) { __builtin_trap(); }\n' "$@" |
		gcc -w -shared -fPIC -Wl,-soname,"$name" ${version:+-Wl,--version-script,<(echo "$version { *; };")} -o "$name" -x c -
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
	{ LD_LIBRARY_PATH=$empty ldd -r libtorch_python.so 2>&1 || true; } | awk '/undefined symbol: / {sub(",", "", $3); print $3}' | grep -v '^_*Py' | sort -u
	rm -r "$empty"
}

"$python" -m venv "$venv"
"$venv/bin/pip" install --no-deps --disable-pip-version-check -r "$here/requirements.txt"

cd "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/torch/lib"
mapfile -t libraries < <(missing_libraries)
mapfile -t symbols < <(missing_symbols "${libraries[@]}")
for name in "${libraries[@]}"; do
	stand_in "$name" "${symbols[@]}"
done

"$venv/bin/python" -c 'import torch; print("PyTorch", torch.__version__, "on a CPU:", torch.ones(2).sum().item() == 2)'
