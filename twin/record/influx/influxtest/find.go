package influxtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// The versions that are built where there is no server.
const (
	version2 = "2.7.12"
	version1 = "1.8.10"
)

// Find returns the path of a server, building one the first time.
var Find = sync.OnceValues(find)

func find() (string, error) {
	if path := os.Getenv("HALLTWIN_INFLUXD"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("HALLTWIN_INFLUXD: %w", err)
		}
		return path, nil
	}
	if path, err := exec.LookPath("influxd"); err == nil {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "halltwin")
	if path := built(cache, version2); path != "" {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Join(cache, "bin"), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(cache, "influxd.lock")) // packages are tested side by side
	if err != nil {
		return "", err
	}
	defer unlock()
	root, err := repository()
	if err != nil {
		return "", err
	}
	if path := built(cache, version2); path != "" {
		return path, nil
	}
	why := build2(root, cache)
	if why == nil {
		return built(cache, version2), nil
	}
	if path := built(cache, version1); path != "" {
		return path, nil
	}
	if err := build1(root, cache); err != nil {
		return "", fmt.Errorf("no InfluxDB server, and none can be built: %w", errors.Join(why, err))
	}
	return built(cache, version1), nil
}

func built(cache, version string) string {
	path := filepath.Join(cache, "influxd-"+version)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// build2 builds InfluxDB 2. Flux's Rust library is built by a stand-in for pkg-config that must come first in PATH. It pins
// an old toolchain, hence RUSTUP_TOOLCHAIN, and makes errors of warnings that newer compilers have more of, hence the
// wrapper around rustc: RUSTFLAGS would not reach its build scripts.
func build2(root, cache string) error {
	for _, tool := range []string{"cargo", "cc"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("InfluxDB %s needs %s", version2, tool)
		}
	}
	bin := filepath.Join(cache, "bin")
	lenient := filepath.Join(bin, "rustc-lenient")
	if err := os.WriteFile(lenient, []byte("#!/bin/sh\nexec \"$@\" --cap-lints=warn\n"), 0o755); err != nil {
		return err
	}
	env := append(os.Environ(), "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "RUSTC_WRAPPER="+lenient,
		"CGO_ENABLED=1", "GOFLAGS=")
	if _, err := exec.LookPath("rustup"); err == nil {
		env = append(env, "RUSTUP_TOOLCHAIN=stable")
	}
	fmt.Fprintf(os.Stderr, "influxtest: building InfluxDB %s into %s, once; this takes some minutes\n", version2, cache)
	if err := command(root, env, "go", "install", "github.com/influxdata/pkg-config@v0.2.14"); err != nil {
		return err
	}
	return build(root, cache, env, version2, ".tools/influxd/go.mod", "v"+version2, "github.com/influxdata/influxdb/v2/cmd/influxd",
		"-tags", "sqlite_foreign_keys,sqlite_json")
}

func build1(root, cache string) error {
	fmt.Fprintf(os.Stderr, "influxtest: building InfluxDB %s into %s, once\n", version1, cache)
	return build(root, cache, append(os.Environ(), "GOFLAGS="), version1, ".tools/influxd1/go.mod", version1, "github.com/influxdata/influxdb/cmd/influxd")
}

func build(root, cache string, env []string, version, mod, says, pkg string, flags ...string) error {
	out := filepath.Join(cache, "influxd-"+version)
	args := append([]string{"build", "-modfile", mod, "-ldflags", "-s -w -X main.version=" + says, "-o", out + ".new"}, flags...)
	if err := command(root, env, "go", append(args, pkg)...); err != nil {
		return err
	}
	return os.Rename(out+".new", out)
}

func command(dir string, env []string, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, env
	out, err := c.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
	return nil
}

// repository is the folder with go.mod above the tests.
func repository() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the tests")
		}
		dir = up
	}
	return "", err
}
