package scenarios

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/library"
)

// specOf returns what a part of the library is, by its folder and the first word of its name.
func specOf(name string) any {
	folder, file := path.Split(name)
	kind, _, _ := strings.Cut(strings.TrimSuffix(file, ".yaml"), "-")
	switch folder {
	case "sites/":
		return &SiteSpec{}
	case "workloads/":
		return &workload.GeneratorSpec{}
	case "services/":
		return &serving.Spec{}
	case "engines/":
		return &serving.EngineSpec{}
	case "economics/":
		if kind == "tariff" {
			return &economics.TariffSpec{}
		}
		return &economics.Spec{}
	case "models/":
		return &transformer.Spec{}
	case "what-if/":
		return &Spec{}
	case "failures/":
		if kind == "repair" {
			return &failure.RepairSpec{}
		}
		return &failure.Spec{}
	case "plants/":
		if kind == "power" {
			return &power.Spec{}
		}
		return &cooling.PlantSpec{}
	case "hardware/":
		switch kind {
		case "gpu":
			return &compute.GPUSpec{}
		case "node":
			return &compute.NodeSpec{}
		case "rack":
			return &compute.RackSpec{}
		case "psu", "rectifier", "power":
			return &power.PSUSpec{}
		case "ups":
			return &power.UPSSpec{}
		case "pdu", "rpp", "busway":
			return &power.PDUSpec{}
		case "genset":
			return &power.GensetSpec{}
		case "transformer":
			return &power.TransformerSpec{}
		case "chiller":
			return &cooling.ChillerSpec{}
		}
	}
	return nil
}

func parts(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(library.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".yaml") {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatal("no parts: ", err)
	}
	return names
}

// Every part of the library is what its folder says, complete and without a key too many. A part that others complete
// (a service without its load) may lack what they must say.
func TestEveryPartDecodes(t *testing.T) {
	for _, name := range parts(t) {
		t.Run(name, func(t *testing.T) {
			spec := specOf(name)
			if spec == nil {
				t.Fatal("nobody knows what this is")
			}
			if err := document.Verify(spec); err != nil {
				t.Error(err)
			}
			b, err := fs.ReadFile(library.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			f, ds := LoadBytes(document.LibraryPrefix+name, b)
			ds = append(ds, document.Decode(f.Whole, spec)...)
			for _, d := range ds {
				if d.Code != "required" {
					t.Errorf("%s: %s: %s", d.Code, d.Path, d.Msg)
				}
			}
			if v := f.Whole.Get("about"); v == nil && !strings.HasPrefix(name, "services/") {
				t.Error("it does not say what it is about")
			}
		})
	}
}

// Each figure of the hardware says where it is from: by a comment beside it, or by the source of the whole part.
func TestHardwareIsCited(t *testing.T) {
	figure := regexp.MustCompile(`(?m)^\s*[a-z_0-9]+: *-?[0-9.]+ ?[A-Za-z%/]*`)
	for _, name := range parts(t) {
		if !strings.HasPrefix(name, "hardware/") {
			continue
		}
		b, _ := fs.ReadFile(library.FS, name)
		text := string(b)
		if strings.Contains(text, "\nsource:") || strings.HasPrefix(text, "source:") {
			continue
		}
		for _, at := range figure.FindAllStringIndex(text, -1) {
			line, _, _ := strings.Cut(text[at[0]:], "\n")
			if structural := regexp.MustCompile(`^\s*(nodes|gpus|cpus|cores|shelves|switches|count|nics):`); structural.MatchString(line) {
				continue
			}
			if !strings.Contains(line, "#") {
				t.Errorf("%s: no source for %q", name, strings.TrimSpace(line))
			}
		}
	}
}

// Every site stands by itself, and every scenario with each of its variants.
func TestEverySiteCompiles(t *testing.T) {
	for _, name := range parts(t) {
		folder, file := path.Split(name)
		switch folder {
		case "sites/":
			f, ds := LoadBytes("test.yaml", []byte("halltwin: v1\nname: test\nstart: 2025-07-01T00:00:00Z\nduration: 1 h\nsite: {use: sites/"+strings.TrimSuffix(file, ".yaml")+"}\n"))
			if len(ds) == 0 {
				ds = f.CheckAll()
			}
			if len(ds) > 0 {
				t.Errorf("%s: %v", name, ds)
			}
		case "what-if/":
			f, ds := Load(strings.TrimSuffix(name, ".yaml"))
			if len(ds) == 0 {
				ds = f.CheckAll()
			}
			if len(ds) > 0 {
				t.Errorf("%s: %v", name, ds)
			}
		}
	}
}

// The sites have the sizes that they are known by.
func TestSiteSizes(t *testing.T) {
	for _, x := range []struct {
		site  string
		racks int
		nodes int
		gpus  int
		full  float64 // W at the racks, everything at full load; 0: not published
	}{
		{"h100-hall-1k", 32, 128, 1024, 0},
		{"nvl72-hall-5mw", 36, 648, 2592, 0},
		{"frontier", 74, 9472, 37888, 28227884.4 - 25*8473.47},
		{"marconi100", 49, 980, 3920, 1889.2e3},
		{"surf-lisa", 28, 277, 0, 277 * 180},
		{"edge-cabinet", 1, 4, 16, 0},
	} {
		f, ds := LoadBytes("test.yaml", []byte("halltwin: v1\nname: test\nstart: 2025-07-01T00:00:00Z\nduration: 1 h\nsite: {use: sites/"+x.site+"}\n"))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		p, ds := f.Plan("")
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		gpus := 0
		for _, v := range p.Capacity {
			gpus += int(v[workload.GPU])
		}
		if len(p.RackType) != x.racks || len(p.Capacity) != x.nodes || gpus != x.gpus {
			t.Errorf("%s: %d racks, %d nodes, %d GPUs; want %d, %d, %d", x.site, len(p.RackType), len(p.Capacity), gpus, x.racks, x.nodes, x.gpus)
		}
		if d := p.DesignIT - x.full; x.full > 0 && (d > 1e-4*x.full || -d > 1e-4*x.full) {
			t.Errorf("%s: %.1f W at full load, want %.1f", x.site, p.DesignIT, x.full)
		}
	}
}

func TestSpecsVerify(t *testing.T) {
	if err := document.Verify(&Spec{}); err != nil {
		t.Error(err)
	}
}
