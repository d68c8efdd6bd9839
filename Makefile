# Halltwin needs Go 1.26 and nothing else. `make run` and `make test` work in a fresh clone.

GO      ?= go
TOOL     = $(GO) tool -modfile=.tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  = -s -w -X main.version=$(VERSION)

# The race detector needs a C compiler; without one the tests run without it. It makes everything five times as slow, so
# it is for packages with goroutines: the command compares runs side by side, the rest of the twin is of one thread.
RACE       := $(if $(shell command -v cc 2>/dev/null),-race)
CONCURRENT := ./twin/kernel ./viz/... ./cmd/...

# Of one package's tests; they take seconds, so one that is still at it hangs.
TIMEOUT ?= 10m

.PHONY: run build test notebooks lint vuln bench soak fuzz clean

## run: build, live the first scenario, print its verdict, and show it in a browser when on a terminal
run: build
	./halltwin run first-run --exit-zero --view

## build: one static binary, ./halltwin
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o halltwin ./cmd/halltwin

## test: vet, then every test; the summary is go test's own
test:
	$(GO) vet ./...
	@failed=0; \
	$(GO) test -timeout 30m ./twin/record/influx/influxtest || failed=1; \
	$(GO) test -timeout $(TIMEOUT) ./models/... ./scenarios/... ./twin/... ./docs/... || failed=1; \
	$(GO) test -timeout $(TIMEOUT) $(RACE) $(CONCURRENT) || failed=1; \
	exit $$failed

## notebooks: execute all notebooks against a real server; they and their charts are then in runs/notebooks
notebooks:
	HALLTWIN_NOTEBOOKS=$(CURDIR)/runs/notebooks $(GO) test -count=1 -timeout 30m -v ./docs/notebooks

## lint: format, golangci-lint, staticcheck, unreachable code
lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these'; exit 1; }
	$(TOOL) golangci-lint run ./...
	$(TOOL) staticcheck ./...
	@dead="$$($(TOOL) deadcode -test ./...)" && { test -z "$$dead" || { echo "$$dead"; exit 1; }; }

## vuln: known vulnerabilities in what is linked (asks vuln.go.dev)
vuln:
	$(TOOL) govulncheck ./...

## bench: every benchmark, ten times, into bench.txt; compare two with `go tool -modfile=.tools/go.mod benchstat`
bench:
	$(GO) test -run '^$$' -bench . -benchmem -count $(or $(COUNT),10) ./... | tee bench.txt
	$(TOOL) benchstat bench.txt

## soak: full random suites, then each fuzz target for a minute
soak:
	HALLTWIN_SOAK=1 $(GO) test -count=1 -timeout 6h ./...
	$(MAKE) fuzz FUZZTIME=60s

## fuzz: every fuzz target in turn, for FUZZTIME each
fuzz:
	@set -e; $(GO) list -f '{{.Dir}} {{.ImportPath}} {{join .TestGoFiles " "}} {{join .XTestGoFiles " "}}' ./... | \
	while read -r dir pkg files; do \
		for target in $$(cd "$$dir" && grep -ho '^func Fuzz[A-Za-z0-9_]*' $$files /dev/null | sed 's/^func //'); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),10s) "$$pkg"; \
		done; \
	done

clean:
	rm -rf halltwin runs bench.txt
