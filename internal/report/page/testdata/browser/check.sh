#!/usr/bin/env bash
# Opens the pages of made-up studies, and those named, in Chromium, light, dark and on a phone: no violation that axe-core finds, nothing loaded, no error, tables sort by the keyboard; says how long they take to open.
#
# usage: check.sh [report.html ...]        PAGE_CHECKS=FOLDER keeps what npm installs and the screenshots there
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
for tool in npm node chromium; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not here"; exit 0; }
done
work=${PAGE_CHECKS:-$(mktemp -d)}
[ -n "${PAGE_CHECKS:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work/pages"
(cd "$here/../.." && go test -count=1 -run 'TestSizes|TestEscaped|TestFigures' -timeout 10m . -pages "$work/pages")
if [ ! -d "$work/node_modules/axe-core" ]; then
	(cd "$work" && npm install --no-save --no-fund --no-audit axe-core@4.14.1 puppeteer-core@24.43.1) ||
		{ echo "skipped: axe-core and puppeteer-core could not be installed"; exit 0; }
fi
pages=()
for name in planned one single half large timed script; do
	pages+=("$work/pages/$name/report.html")
done
NODE_PATH=$work/node_modules node "$here/check.js" "$work" "${pages[@]}" "$@"
