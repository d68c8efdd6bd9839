# Halltwin needs Go 1.26. `make run` and `make test` work in a fresh clone; with Node 20.19 or newer the binary carries the
# visualizer, without it a plain page.

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

# The front end, built where there is npm. What it is made of decides whether that is done again.
WEB     := viz/web
NPM     := $(and $(shell command -v node 2>/dev/null),$(shell command -v npm 2>/dev/null))
WEB_SRC := $(shell find $(WEB)/src $(WEB)/public -type f 2>/dev/null) $(addprefix $(WEB)/,index.html package.json vite.config.ts tsconfig.json biome.json)

.PHONY: run build gpu web test test-web test-gpu notebooks lint vuln bench soak fuzz clean

## run: build, live the first scenario, print its verdict, and show it in a browser when on a terminal
run: build
	./halltwin run first-run --exit-zero --view

## build: one static binary, ./halltwin, with the visualizer in it where Node is at hand
build: web
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o halltwin ./cmd/halltwin

# What speaks to NVIDIA's driver needs cgo and the tag nvml. NVIDIA's header marks as deprecated what older drivers need.
GPU_FLAGS := CGO_ENABLED=1 CGO_CFLAGS='-O2 -g -Wno-deprecated-declarations'

## gpu: the same binary with NVML in it, for machines with NVIDIA GPUs; it needs a C compiler
gpu: web
	$(GPU_FLAGS) $(GO) build -tags nvml -trimpath -ldflags '$(LDFLAGS)' -o halltwin ./cmd/halltwin

## web: the visualizer's front end, checked and built into viz/web/dist
web: $(if $(NPM),$(WEB)/dist/index.html)
	$(if $(NPM),,@echo 'no Node.js with npm here: the binary will serve a plain page instead of the visualizer')

WEB_DEPS := $(WEB)/node_modules/.package-lock.json

$(WEB_DEPS): $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/index.html: $(WEB_SRC) $(WEB_DEPS)
	cd $(WEB) && npm run build --silent

## test: the programs that tests need, vet, the visualizer in a real browser, then every test; the summary is go test's own
test:
	@.tools/servers.sh
	$(GO) vet ./...
	@failed=0; \
	$(MAKE) --no-print-directory test-web || failed=1; \
	$(GO) test -timeout 30m ./twin/record/influx/influxtest || failed=1; \
	$(GO) test -timeout $(TIMEOUT) ./models/... ./scenarios/... ./twin/... ./hil/... ./docs/... || failed=1; \
	$(GO) test -timeout $(TIMEOUT) $(RACE) $(CONCURRENT) || failed=1; \
	$(MAKE) --no-print-directory test-gpu || failed=1; \
	exit $$failed

## test-gpu: hardware in the loop on emulated GPUs behind NVML, and on real ones where there are any
test-gpu:
	$(if $(RACE),$(GPU_FLAGS) $(GO) test -tags nvml -timeout $(TIMEOUT) ./hil/device ./hil/guard ./hil/bench ./hil/loop,@echo 'SKIPPED: NVML was not tested, not even emulated, for want of a C compiler')

## test-web: the front end's own tests, then the visualizer in a real browser (Chromium) on the binary
test-web: $(if $(NPM),build $(WEB_DEPS))
	$(if $(NPM),cd $(WEB) && npm test --silent && npm run browser --silent,@echo 'SKIPPED: the visualizer was not tested, for want of Node.js with npm')

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
	rm -rf halltwin runs bench.txt $(WEB)/dist/assets $(WEB)/dist/*.* $(WEB)/shots
