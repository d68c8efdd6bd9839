package validate

import "testing"

func TestStepTime(t *testing.T) { check(t, StepTime) }

func TestMLPerfSystems(t *testing.T) {
	for _, c := range []struct {
		name, rack string
		gpus       int
	}{
		{"eos-dfw_n256_ngc25.01_nemo", "hardware/rack-dgx-h100-4", 2048},
		{"carina_ngpu512_ngc25.04_nemo", "hardware/rack-nvl72", 512},
		{"theia_ngpu512_ngc25.09_nemo", "hardware/rack-gb300-nvl72", 512},
		{"1536xBM.GPU.H100.8", "hardware/rack-dgx-h100-4", 1536},
		{"b200_n8_preview_nemo", "hardware/rack-dgx-b200-2", 64},
		{"cloud-tpu-v5p-1024-maxtext", "", 0},
	} {
		rack, gpus, ok := mlperfSystem(c.name)
		if rack != c.rack || gpus != c.gpus || ok != (c.gpus > 0) {
			t.Errorf("%s: %d of %q", c.name, gpus, rack)
		}
	}
}
