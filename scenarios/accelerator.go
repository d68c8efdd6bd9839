package scenarios

import (
	"fmt"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/scenarios/document"
)

// Accelerator returns the GPU of a rack of the library ("hardware/rack-nvl72") as training and serving see it.
func Accelerator(rack string) (training.Device, error) {
	spec := &compute.RackSpec{}
	if err := part(rack, spec); err != nil {
		return training.Device{}, err
	}
	return deviceOf(spec), nil
}

// NodeAccelerator returns the GPUs of a node of the library ("hardware/node-dgx-h100") as training and serving see them.
func NodeAccelerator(node string) (training.Device, error) {
	spec := &compute.RackSpec{Nodes: 1}
	if err := part(node, &spec.Node); err != nil {
		return training.Device{}, err
	}
	if spec.Node.GPUs == 0 {
		return training.Device{}, fmt.Errorf("%s has no GPUs", node)
	}
	return deviceOf(spec), nil
}

// GPU returns a type of GPU of the library ("hardware/gpu-h100-sxm").
func GPU(name string) (compute.GPU, error) {
	spec := &compute.GPUSpec{}
	if err := part(name, spec); err != nil {
		return compute.GPU{}, err
	}
	return spec.Compile(), nil
}

// LanguageModel returns a model of the library ("models/llama-3.1-405b").
func LanguageModel(name string) (*transformer.Spec, error) {
	spec := &transformer.Spec{}
	if err := part(name, spec); err != nil {
		return nil, err
	}
	return spec, nil
}

// part decodes a part of the library.
func part(name string, into any) error {
	f, ds := LoadBytes(name, []byte("use: "+name+"\n"))
	if ds = append(ds, document.Decode(f.Whole, into)...); len(ds) > 0 {
		return ds
	}
	return nil
}
