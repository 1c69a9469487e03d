# generate, fmt, lint, test, bench: all that a change needs; peers, where it touches numbers or weights. Everything runs with plain go commands too.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: generate fmt lint test bench peers table-4 statistics

generate:
	go generate ./...

fmt:
	gofmt -w $$(git ls-files '*.go')

lint:
	go vet ./...
	go run $(STATICCHECK) ./...

test:
	go test ./...

bench:
	go test -run '^$$' -bench . ./internal/kernel ./model/nn

# numbers and weights against torchvision, timm and ONNX Runtime, records and exports against pandas, DuckDB and TensorBoard, all of which it installs into testdata/peers/.venv; exports against W&B and Aim, if they are there
peers:
	testdata/peers/run.sh

# the paper's latencies on this machine, into docs/results.md: a minute or two, on a machine that does nothing else
table-4:
	go run ./cmd/gridsearch bench --workloads table-4 --into docs/results.md

# what the tied set and its numbers promise, by simulation, into docs/results.md: ten minutes or so
statistics:
	go test ./search/stats/simulate -run TestTables -timeout 0 -v -long -update
